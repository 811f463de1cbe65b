"""Performance: how good predictions were, with labels that come late, or without any."""
