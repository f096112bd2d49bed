"""Operations of the generators: each a typed wrapper, a plain torch reference and, for CUDA, kernels."""
