"""Blend layers towards network B, one after the other, as the original's layer blender does.

sgview faces.pkl cats.pkl --script configs/scripts/blend.py
"""

import math


def frame(play):
    """Play one frame."""
    # StyleGAN3: L0, L1 ... StyleGAN2: b4, b8 ... What a network lacks is left alone.
    wave = 0.5 - 0.5 * math.cos(play.t * 0.5)
    play.blend_layer_by_name("L0", wave)
    play.blend_layer_by_name("L1", wave * play.slider("energy", 1.0))
    play.blend_layer_by_name("b16", wave)
