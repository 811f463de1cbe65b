"""Commands: parse, call, render. No logic; heavy imports wait until a command runs."""
