"""Networks from addresses: asked for, fetched, checked and kept, never executed."""
