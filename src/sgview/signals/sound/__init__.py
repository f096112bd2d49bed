"""Sound: an input or a file, its spectrum, and the beat in it."""
