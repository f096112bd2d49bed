"""Draw the program's icon: a flower of the built-in network, its corners round.

python -m tools.icon        # writes src/sgview/assets/icon.npy and icon.png
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from sgview import resources
from sgview.engine.networks import builtin_networks

SEED, PSI = 14, 0.7
SIZES = {"icon.npy": 48, "icon.png": 128}  # [px]: of windows, of the desktop
MIDDLE = 0.86  # of the picture that is shown
ROUND = 0.22  # radius of the corners, of the side
FINER = 4  # samples of a pixel across, for smooth corners


def main() -> None:
    """Write both files."""
    picture = flower()
    for name, size in SIZES.items():
        icon = rounded(picture.resize((size, size), Image.Resampling.LANCZOS))
        path = resources.asset(name)
        if path.suffix == ".npy":
            np.save(path, icon)
        else:
            Image.fromarray(icon, "RGBA").quantize(128).save(path, optimize=True)
        print(f"Wrote {path}")


def flower() -> Image.Image:
    """Return the middle of a picture of the built-in network."""
    generator = builtin_networks()[0].generator
    z = np.random.RandomState(SEED).randn(1, generator.z_dim).astype(np.float32)
    with torch.no_grad():
        image = generator(torch.from_numpy(z), truncation_psi=PSI)[0]
    values = (image * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
    side = values.shape[0]
    edge = round(side * (1 - MIDDLE) / 2)
    return Image.fromarray(values).crop((edge, edge, side - edge, side - edge))


def rounded(picture: Image.Image) -> np.ndarray:  # uint8 [H, W, 4]
    """Return a picture with an alpha that rounds its corners."""
    size = picture.width
    place = (np.arange(size * FINER) + 0.5) / (size * FINER)
    beyond = np.maximum(np.abs(place - 0.5) - (0.5 - ROUND), 0.0)
    inside = np.hypot(beyond[:, None], beyond[None]) <= ROUND
    alpha = inside.reshape(size, FINER, size, FINER).mean(axis=(1, 3)) * 255
    return np.dstack([np.asarray(picture.convert("RGB")), alpha.round().astype(np.uint8)])


if __name__ == "__main__":
    main()
