"""Programs for development: what `make` runs, measuring, training."""
