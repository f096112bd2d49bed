"""StyleGAN3's generator: Karras et al. 2021, "Alias-Free Generative Adversarial Networks".

`config` has its options and sampling rates, `geometry` what follows for one layer, `synthesis` the
network, `infer` options from the names and shapes of tensors.
"""
