"""Several latents in one picture: their rows of w, and the masks that mix them."""
