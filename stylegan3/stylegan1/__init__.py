"""StyleGAN1's generator: Karras et al. 2019, as three published programs write and name it.

`config` has its options and sizes, `names` the layers' published names, `layers` and
`synthesis` the network, `infer` options from tensors' shapes.
"""
