"""Monitors: what changed in a model's inputs and outputs, from counts alone."""
