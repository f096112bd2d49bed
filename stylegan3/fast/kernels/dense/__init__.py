"""Fully connected layers on single vectors: many in one launch, or one after the other."""
