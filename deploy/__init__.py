"""What prepares and runs the stack in containers."""
