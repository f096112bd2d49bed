"""StyleGAN2's generator: Karras et al. 2020, and its resnet and orig variants.

`config` has its options and sizes, `layers` its layers, `synthesis` the network, `infer` options
from tensors' shapes.
"""
