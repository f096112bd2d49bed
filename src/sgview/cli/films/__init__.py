"""Making films: shots to pictures to files, by one process or by many."""
