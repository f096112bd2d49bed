"""Files that hold tensors: where their bytes lie, and reading them."""
