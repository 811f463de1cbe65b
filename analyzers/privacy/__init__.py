"""Erase the records of one person, on either store."""
