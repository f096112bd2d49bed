"""The vector that drives the network, and the noise that it comes from."""
