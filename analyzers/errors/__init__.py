"""Error groups: which errors are the same fault."""
