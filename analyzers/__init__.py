"""Elkhound's analyzers: run beside the data, read a store, return findings."""
