"""Renderers: each is a function from a report to text."""
