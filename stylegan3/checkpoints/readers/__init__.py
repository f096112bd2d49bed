"""One reader a format: from what a file holds to a configuration and named tensors."""
