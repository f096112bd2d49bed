"""Check and time the kernels on this machine's GPU."""
