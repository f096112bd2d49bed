"""Several latents in one picture: their masks drawn, and the values of each."""
