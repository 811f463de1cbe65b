"""The pure functions beneath the analyzers: arrays in, numbers out, each with its source."""
