"""Training of the built-in networks on pictures that this project draws; not in the wheel."""
