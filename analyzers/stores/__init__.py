"""Stores: where the records are, and the questions they answer."""
