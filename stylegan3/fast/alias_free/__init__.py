"""StyleGAN3's synthesis planned as launches on prepared buffers."""
