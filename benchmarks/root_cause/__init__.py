"""A bench of faults whose cause is known: is the first cause that a report names the right one?"""
