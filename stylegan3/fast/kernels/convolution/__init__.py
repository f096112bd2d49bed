"""Convolutions with prepared weights: cuDNN's, and our own for Hopper with its epilogue."""
