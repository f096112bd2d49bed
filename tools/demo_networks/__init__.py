"""Training of the built-in networks on pictures that this project draws itself; not in the wheel."""
