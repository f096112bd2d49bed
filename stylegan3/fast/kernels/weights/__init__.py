"""What is derived from live weights: blends, edits, and each convolution's own layout."""
