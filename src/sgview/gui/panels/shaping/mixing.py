"""Style mixing: rows of w from a second source."""

from __future__ import annotations

import random
from collections.abc import Callable

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui.controls import icons, rows, widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.leaf_rows import leaf_row, value_row
from sgview.gui.panels import Emit
from sgview.gui.panels.shaping.entries import entry_row
from sgview.gui.panels.shaping.row_cells import RowCells
from sgview.state.commands import Restart
from sgview.state.dice import DICE
from sgview.state.idle import GLIDING
from sgview.state.networks import NetworkStatus, shown_network
from sgview.state.params import Mixing, Params
from sgview.state.status import Status

_PRESETS = ("coarse", "middle", "fine", "all", "none")
_PRESET_HELP = {
    "coarse": "The second source in the first rows: pose, layout, large shapes",
    "middle": "The second source in the rows between: what things are made of",
    "fine": "The second source in the last rows: colour, light, texture",
    "all": "The second source alone",
    "none": "The first source alone",
}
_DEFAULT_ROWS = 18


class MixingPanel:
    """Remembers where the brush is.

    Args:
        throw: returns the next seed of the dice, 0..DICE - 1.
    """

    def __init__(self, throw: Callable[[], int] = lambda: random.randrange(DICE)) -> None:
        self._throw = throw
        self._cells = RowCells()

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw the section."""
        if not widgets.section("Mixing"):
            return params
        imgui.push_id("mixing")
        params = self._draw(params, status, emit)
        imgui.pop_id()
        return params

    def _draw(self, params: Params, status: Status, emit: Emit) -> Params:
        network = shown_network(params, status.engine.networks)
        controls = Controls(params, status, emit)
        params = self._draw_rows(params, controls, network)
        if not any(params.mixing.rows):  # the rest has nothing to act on
            return params
        params = leaf_row(params, controls, "mixing.amount")
        params = leaf_row(params, controls, "mixing.source")
        source = params.mixing.source
        if source == "library":
            entry = entry_row("mixing.entry", params.mixing.entry, status)
            if entry != params.mixing.entry:
                params = _with(params, entry=entry)
        elif source != "path":
            params = self._draw_seed(params, controls, emit)
            for name in ("between", "seed_speed") if source == "seeds" else ():
                params = leaf_row(params, controls, f"mixing.{name}")
        if source in GLIDING and params.latents.source not in GLIDING:  # that one has the row
            params = leaf_row(params, controls, "latents.glide")
        return params

    def _draw_rows(
        self, params: Params, controls: Controls, network: NetworkStatus | None
    ) -> Params:
        count = network.num_ws if network is not None else _DEFAULT_ROWS
        held = params.mixing.rows
        amounts = (*held[:count], *(0.0,) * (count - len(held)))
        below = controls.below("mixing.rows.")
        gap = imgui.get_style().item_inner_spacing.x
        each = (rows.room() - gap * (len(_PRESETS) - 1)) / len(_PRESETS)
        new = amounts
        imgui.push_style_var_x(imgui.StyleVar_.frame_padding, 0.0)
        for index, name in enumerate(_PRESETS):
            if index:
                imgui.same_line(0.0, gap)
            if imgui.button(f"{name.capitalize()}##rows", imgui.ImVec2(each, 0.0)):
                new = preset_rows(name, count, network.family if network is not None else "")
            widgets.tooltip(_PRESET_HELP[name])
        imgui.pop_style_var()
        painted = self._cells(
            amounts,
            lambda row: below(str(row)),
            lambda row: value_row(below(str(row)), amounts[row]),
        )
        new = new if new != amounts else painted
        if new == amounts:
            return params
        if not params.mixing.amount:  # a hand that paints wants to see it
            params = _with(params, amount=1.0)
        return _with(params, rows=_without_zeros((*new, *held[count:])))

    def _draw_seed(self, params: Params, controls: Controls, emit: Emit) -> Params:
        params = leaf_row(params, controls, "mixing.seed")
        rows.label("")
        if imgui.button(f"{icons.DICE}  Another seed##mixing"):
            params = _with(params, seed=self._throw(), between=0.0)
            emit(Restart("mixing.seed"))
        widgets.tooltip("Another second source by chance")
        return params


def preset_rows(name: str, count: int, family: str) -> tuple[float, ...]:
    """Return the amounts of "coarse", "middle", "fine", "all" or "none".

    Coarse are the rows of 4 and 8 pixels, middle those of 16 and 32 (Karras et al. 2019, section
    3.1); layers of StyleGAN3, which have no such sizes, are shared out in thirds.
    """
    if family.startswith(("StyleGAN1", "StyleGAN2")):
        first, second = min(4, count), min(8, count)
    else:
        first, second = round(count / 3), round(2 * count / 3)
    start, stop = {
        "coarse": (0, first),
        "middle": (first, second),
        "fine": (second, count),
        "all": (0, count),
        "none": (0, 0),
    }[name]
    return tuple(float(start <= row < stop) for row in range(count))


def _without_zeros(amounts: tuple[float, ...]) -> tuple[float, ...]:
    """Return the amounts without those at the end that are 0."""
    while amounts and amounts[-1] == 0.0:
        amounts = amounts[:-1]
    return amounts


def _with(params: Params, **fields: object) -> Params:
    mixing: Mixing = replace(params.mixing, **fields)
    return replace(params, mixing=mixing)
