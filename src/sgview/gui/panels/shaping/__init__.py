"""What shapes w: style mixing, directions, truncation, the random walk."""
