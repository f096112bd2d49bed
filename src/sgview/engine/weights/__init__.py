"""The live weights: a blend of two networks, edited in place."""
