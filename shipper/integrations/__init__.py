"""Integrations: one small file for each framework; none is imported unless the service does."""
