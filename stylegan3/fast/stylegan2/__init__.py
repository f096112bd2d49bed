"""StyleGAN2's synthesis planned as launches on prepared buffers."""
