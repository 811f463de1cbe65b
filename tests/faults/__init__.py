"""What goes wrong in production, done on purpose: each row says what was sent and what arrived."""
