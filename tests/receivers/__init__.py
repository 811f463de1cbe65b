"""Real receivers for the tests: protocol servers that can be told to misbehave."""
