"""Takes: a live show as data, to be rendered again at leisure."""
