"""Benchmarks: ours and the anchors, side by side in one run. Printed, never asserted."""
