"""Where the picture comes from, and what moves it: seeds, plane, path, library."""
