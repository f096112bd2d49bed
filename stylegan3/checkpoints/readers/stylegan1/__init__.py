"""StyleGAN1, as three programs write it: TensorFlow, rosinality's, GenForce's.

`parts` has what they share, `state_dicts` looks into files of `torch.save`.
"""
