"""StyleGAN2's generator: Karras et al. 2020, and its resnet and orig variants."""
