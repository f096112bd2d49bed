"""StyleGAN3's generator: Karras et al. 2021, "Alias-Free Generative Adversarial Networks"."""
