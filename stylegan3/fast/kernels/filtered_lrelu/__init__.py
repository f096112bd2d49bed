"""Leaky ReLU between an up- and a downsampling filter, on tensor cores and in plain arithmetic."""
