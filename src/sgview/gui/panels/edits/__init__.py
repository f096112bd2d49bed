"""Operations on single tensors: the list, and one card for each."""
