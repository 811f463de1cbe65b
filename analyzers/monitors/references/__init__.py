"""References: what a model's inputs and outputs looked like, small enough to keep."""
