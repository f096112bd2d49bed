"""Multiply a tensor by a sine, as the original's layer editor does.

    sgview faces.pkl --script configs/scripts/multiply.py

Save this file while it plays: the change is heard at the next frame.
"""


def frame(play):
    """Play one frame."""
    name = "synthesis.input.weight"  # of StyleGAN3
    if "synthesis.b4.const" in play.tensors:
        name = "synthesis.b4.const"  # of StyleGAN2
    # math, absTime and edit_layer_by_name are there already, so lines from TouchDesigner paste.
    edit_layer_by_name(name, math.sin(absTime.seconds))  # noqa: F821
