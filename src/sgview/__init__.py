"""sgview plays StyleGAN2 and StyleGAN3 networks live. See ARCHITECTURE.md."""

__version__ = "0.1.0"
