"""The last step to colours: sums by the layer before it, then the picture."""
