"""Root cause: evidence, ranked."""
