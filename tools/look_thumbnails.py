"""Draw the thumbnails of the looks in `configs/looks`, as the grid shows them.

python tools/look_thumbnails.py            # the missing ones
python tools/look_thumbnails.py frost ink  # the named ones, anew
"""

from __future__ import annotations

import sys

from PIL import Image

from sgview import resources
from sgview.engine.engine import Engine
from sgview.engine.networks import open_networks
from sgview.show.look_files import shrink
from sgview.signals import Instant, Signals
from sgview.state.presets import load_preset

T = 4.0  # the instant they show [s]


def main() -> None:
    """Draw them with the built-in pairs."""
    for pair in ("sg2", "sg3"):
        looks = resources.looks(pair)
        missing = [n for n, path in looks.items() if not path.with_suffix(".png").exists()]
        wanted = [n for n in sys.argv[1:] if n in looks] or missing
        with Engine("cpu") as engine:
            for slot, network in open_networks(demo=pair).items():
                engine.set_network(slot, network)
            for name in wanted:
                params, _ = Signals().resolve(load_preset(looks[name]), Instant(T))
                picture = engine.render(params, T)
                assert picture is not None  # networks are set
                small = Image.fromarray(shrink(picture.rgba8.numpy())[..., :3])
                small.quantize(256, Image.Quantize.MEDIANCUT).save(looks[name].with_suffix(".png"))
                print(name)


if __name__ == "__main__":
    main()
