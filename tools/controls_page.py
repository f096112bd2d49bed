"""Write docs/controls.md, the table of everything that can be set.

    PYTHONPATH=src:. python3 tools/controls_page.py

It follows `Params` and `OPERATIONS`; a test holds the page to them.
"""

from __future__ import annotations

from pathlib import Path

from sgview.state.addresses import address_of
from sgview.state.operations import OPERATIONS
from sgview.state.params import (
    Blend,
    Directions,
    Edit,
    Ground,
    Key,
    Latents,
    Mapping,
    Mixing,
    Params,
    PixelNoise,
)
from sgview.state.params import Path as Journey
from sgview.state.paths import Leaf, leaves

PAGE = Path(__file__).parents[1] / "docs" / "controls.md"

_EXAMPLE = Params(
    latents=Latents(path=Journey(keys=(Key(),))),
    edits=(Edit(tensor="synthesis.input.weight", channels=(0, 16)),),
    mapping=Mapping(class_weights=(1.0,)),
    blend=Blend(amounts={"L6": 0.0}),
    ground=Ground(noise=PixelNoise(layers={"b64_conv0": 1.0})),
    mixing=Mixing(rows=(0.0,)),
    directions=Directions(amounts={"sefa1": 0.0}),
    sliders={"energy": 0.0},
)
_TITLES = {
    "noise": "Noise",
    "latents": "Latents",
    "mapping": "Mapping",
    "ground": "Ground, here of the noise of layer b64.conv0",
    "mixing": "Mixing, here of row 0",
    "directions": "Directions, here the first of SeFa",
    "walk": "Random walk",
    "regions": "Regions: further latents in the picture",
    "layer": "Layer",
    "canvas": "Canvas",
    "edits": "Edits, here the first",
    "blend": "Blend, here of layer L6",
    "view": "View",
    "stage": "Audience",
    "playback": "Time",
    "noise_mode": "StyleGAN1 and StyleGAN2",
    "sliders": "Sliders of your own, here of the name energy",
}
_HEAD = """# Controls

Everything that can be set: what it is called on its panel, its path in presets, bindings and
scripts, its OSC address after `/sgview/`, and its usual range. That is the range of its bar, and
what a learned controller is mapped to; most numbers may lie beyond it, and a value that is not
allowed becomes the nearest that is. Of a vector x is listed; y and z are set likewise.

This page is written by `tools/controls_page.py`."""


def page() -> str:
    """Return the text of the page."""
    sections = [_HEAD]
    room = ""
    for leaf in leaves(_EXAMPLE):
        if leaf.axis in ("y", "z"):
            continue
        if leaf.parts[0] != room:
            room = str(leaf.parts[0])
            sections.append(f"\n## {_TITLES[room]}\n\n| label | path | OSC | usual | what it is |")
            sections.append("|---|---|---|---|---|")
        sections.append(_line(leaf))
    sections.append("\n## Operations of edits\n\n| name | label | usual | changes nothing | what |")
    sections.append("|---|---|---|---|---|")
    sections += [
        f"| `{row.name}` | {row.label} | {_range(row.usual)} | {row.neutral:g} | {row.help} |"
        for row in OPERATIONS.values()
    ]
    return "\n".join(sections) + "\n"


def _line(leaf: Leaf) -> str:
    item = leaf.axis or (str(leaf.parts[-1]) if isinstance(leaf.parts[-1], int) else "")
    label = f"{leaf.field.label} {item}".rstrip()
    unit = f" [{leaf.field.unit}]" if leaf.field.unit else ""
    address = address_of(leaf).removeprefix("/sgview/")
    return f"| {label} | `{leaf.path}` | `{address}` | {_usual(leaf)}{unit} | {leaf.field.help} |"


def _usual(leaf: Leaf) -> str:
    if leaf.field.options:
        return ", ".join(f"`{option.value}`" for option in leaf.field.options)
    if leaf.kind == "text":
        return "see below" if leaf.choices else "a text"
    return "0, 1" if leaf.kind == "bool" else _range(leaf.field.usual)


def _range(usual: tuple[float, float]) -> str:
    return f"{usual[0]:g} to {usual[1]:g}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
