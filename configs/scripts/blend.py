"""Blend layers towards network B, one after the other, as the original's layer blender does.

sgview faces.pkl cats.pkl --script configs/scripts/blend.py
"""

import math


def frame(play):
    """Play one frame."""
    # StyleGAN3: L0, L1 ... StyleGAN2: b4, b8 ... You may name them: "L0", "b16", "mapping".
    for place, group in enumerate(play.groups):
        wave = 0.5 - 0.5 * math.cos(play.t * 0.5 - place * 0.4)
        play.blend_layer_by_name(group, wave * play.slider("energy", 1.0))
