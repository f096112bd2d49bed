"""What follows StyleGAN2's convolutions: noise, bias, leaky ReLU, upsampling, ToRGB."""
