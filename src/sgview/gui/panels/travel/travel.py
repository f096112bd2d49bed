"""What moves the picture: the fader of motion, the dice, the strip of seeds, the source."""

from __future__ import annotations

import random
from collections.abc import Callable

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import icons, rows, widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.controls.value_bar import value_bar
from sgview.gui.panels import Emit
from sgview.gui.panels.travel.going import go, in_words
from sgview.gui.panels.travel.library import draw_library
from sgview.gui.panels.travel.path import PathEditor
from sgview.gui.panels.travel.plane import PlaneDrag, draw_plane
from sgview.gui.panels.travel.strip import draw_strip
from sgview.state.dice import DICE, has_dice, throw_dice
from sgview.state.idle import idle_reason
from sgview.state.journeys import choose, shown_place, step_seed
from sgview.state.params import Params
from sgview.state.paths import leaf_at
from sgview.state.status import Status

DETENT = 0.06  # around 0, where the fader of motion rests
_MOTION = "latents.motion"
_DICE_HELP = {
    "path": "Other seeds for its keys by chance; latents of files stay  (D)",
    "library": "Another latent of the library by chance  (D)",
}
_NO_DICE_HELP = {
    "path": "Its keys are latents of files, which stay: there is no seed to throw.",
    "library": "There is no other latent in the library.",
}
_PLANE = ("plane.x", "plane.y", "plane.speed_x", "plane.speed_y", "plane.friction")


class TravelPanel:
    """Remembers where the hand holds the fader, and the key of the path that is chosen.

    Args:
        throw: returns the next seed of the dice, 0..DICE - 1.
    """

    def __init__(self, throw: Callable[[], int] = lambda: random.randrange(DICE)) -> None:
        self._throw = throw
        self._held: float | None = None  # the fader, while it is dragged
        self._path = PathEditor()
        self._plane = PlaneDrag()

    def dice(self, params: Params, status: Status, emit: Emit) -> Params:
        """Throw the dice."""
        return go(throw_dice(params, self._throw(), _library(status)), emit)

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw what a newcomer needs first, then the source and what belongs to it."""
        controls = Controls(params, status, emit)
        params = self._draw_motion(params, controls)
        params = self._draw_dice(params, status, emit)
        params = draw_strip(params, status, emit)
        before = params
        params = leaf_row(params, controls, "latents.source")
        if params.latents.source != before.latents.source:
            here = shown_place(before, status.player.motion)
            params = choose(before, params.latents.source, here)
        match params.latents.source:
            case "seeds":
                names = ("seed", "between", "seed_speed", "glide")
                params = _rows(params, controls, *names)
            case "plane":
                params = draw_plane(params, status, emit, self._plane)
                params = _rows(params, controls, "seed", *_PLANE, "glide")
            case "path":
                params = self._path(params, status, emit)
            case "library":
                params = draw_library(params, status, emit)
                params = _rows(params, controls, "glide")
            case _:
                pass
        return params

    def _draw_motion(self, params: Params, controls: Controls) -> Params:
        """The fader: it rests at 0 for a little way, so that a hand finds it."""
        leaf = leaf_at(_MOTION)
        assert leaf is not None
        field, control = leaf.field, controls(_MOTION)
        value = params.latents.motion
        reason = idle_reason(params, _MOTION)
        is_reset = rows.label(field.label, value == 1.0, field.help, reason or "Rests at 0.")
        shown = control.shown(value if self._held is None else self._held)
        text = "0" if abs(shown) < DETENT else f"%.{field.digits}f{field.suffix}"
        imgui.push_style_var(imgui.StyleVar_.alpha, theme.IDLE if reason else 1.0)
        held = value_bar("##Motion", shown, *control.usual, format=text, **rows.driven(control))
        imgui.pop_style_var()
        self._held = held if imgui.is_item_active() and not control.is_bound else None
        if rows.end_row(control) or is_reset:
            held, self._held = 1.0, None
        elif control.is_bound:
            return params
        new = 0.0 if abs(held) < DETENT else held
        if new == value or (held == shown and self._held is None):
            return params
        return replace(params, latents=replace(params.latents, motion=new))

    def _draw_dice(self, params: Params, status: Status, emit: Emit) -> Params:
        """Previous seed, dice, next seed, and where the source is."""
        place = shown_place(params, status.player.motion)
        is_path = params.latents.source in ("path", "library")
        imgui.set_cursor_pos_y(imgui.get_cursor_pos_y() + theme.px(theme.GAP_TINY))
        if widgets.icon_button(
            icons.LEFT, "previous seed", "Previous seed  (←)", is_enabled=not is_path, is_flat=False
        ):
            params = step_seed(params, -1)
        imgui.same_line()
        has_throw, source = has_dice(params, _library(status)), params.latents.source
        imgui.begin_disabled(not has_throw)
        if imgui.button(f"{icons.DICE}  Dice##dice"):
            params = self.dice(params, status, emit)
        imgui.end_disabled()
        help = _DICE_HELP if has_throw else _NO_DICE_HELP
        widgets.tooltip(help.get(source, "Another seed by chance  (D)"))
        imgui.same_line()
        if widgets.icon_button(
            icons.RIGHT, "next seed", "Next seed  (→)", is_enabled=not is_path, is_flat=False
        ):
            params = step_seed(params, 1)
        imgui.same_line()
        imgui.align_text_to_frame_padding()
        nowhere = "on the path" if params.latents.source == "path" else "no latent chosen"
        widgets.text(in_words(str(place)) if place is not None else nowhere, theme.TEXT_DIM)
        return params


def _library(status: Status) -> list[str]:
    return [latent.name for latent in status.show.library]


def _rows(params: Params, controls: Controls, *names: str) -> Params:
    for name in names:
        params = leaf_row(params, controls, f"latents.{name}")
    return params
