"""Other programs as outputs: NDI, a virtual camera, Spout and Syphon."""
