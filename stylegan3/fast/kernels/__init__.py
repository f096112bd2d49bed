"""The operations of the fast path, a folder each: launcher, CUDA source and plain reference."""
