"""Drift: whether data are distributed as they were in a reference."""
