"""Examples: real services, instrumented."""
