"""Takes: a live performance as data, to be rendered again at leisure."""
