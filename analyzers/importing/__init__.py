"""Bring existing records and logs into a local store."""
