"""The vector that drives the network: what it looks like, and the noise that it may come from."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.panels import Emit
from sgview.state.fields import fields_of
from sgview.state.params import Noise, Params
from sgview.state.status import Status

_NOISE = {
    "": (
        "type", "seed", "period", "harmonics", "harmonic_spread", "harmonic_gain", "exponent",
        "amplitude", "offset", "monochrome",
    ),
    "Transform": (
        "translate", "translate_speed", "rotate", "scale", "pivot", "translate_4d",
        "translate_4d_speed",
    ),
    "Loop": ("loop", "loop_unit", "loop_size"),
}  # fmt: skip
"""As in TouchDesigner's Noise TOP, in its order; the loop is sgview's own."""


def draw_latents(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the vector, how it is used, and the noise."""
    controls = Controls(params, status, emit)
    is_noise = params.latents.source == "noise"
    if widgets.section("Vector", is_open=False, note=f"used as {params.latents.space}"):
        draw_strip(status.picture.latent)
        params = leaf_row(params, controls, "latents.space")
        for name in ("mode", "gaussianise") if is_noise else ():
            params = leaf_row(params, controls, f"latents.{name}")
    if is_noise and widgets.section("Noise", is_open=False, note=_words_of(params.noise)):
        for heading, names in _NOISE.items():
            if heading:
                widgets.heading(heading)
            for name in names:
                params = leaf_row(params, controls, f"noise.{name}")
    return params


def _words_of(noise: Noise) -> str:
    """Return what plays, for the header that all of it is folded under."""
    field = fields_of(Noise)["type"]
    return next(option.label for option in field.options if option.value == noise.type)


def draw_strip(values: tuple[float, ...]) -> None:
    """Plot the latent vector over its index, scaled to its largest value, at least -1..1."""
    corner = imgui.get_cursor_screen_pos()
    width, height = imgui.get_content_region_avail().x, theme.px(theme.STRIP_HEIGHT)
    imgui.dummy(imgui.ImVec2(width, height))
    widgets.tooltip("The vector that drives the network now, one column a value.")
    draw = imgui.get_window_draw_list()
    end = (corner.x + width, corner.y + height)
    draw.add_rect_filled(corner, end, theme.u32(theme.BAR), imgui.get_style().frame_rounding)
    middle = corner.y + height / 2
    draw.add_line((corner.x, middle), (end[0], middle), theme.u32(theme.LINE_LIGHT))
    finite = [value for value in values if abs(value) < 1e30]
    if not finite or width < 2:
        return
    top = max(1.0, max(abs(value) for value in finite))
    inset = theme.px(theme.GAP_TINY)
    reach = (height / 2 - inset) / top
    columns = min(len(finite), int(width - 2 * inset))
    step = (width - 2 * inset) / max(columns, 1)
    fill, line = theme.u32(theme.ACCENT_FILL), theme.u32(theme.ACCENT)
    left, count = corner.x + inset, len(finite)
    points: list[imgui.ImVec2Like] = []
    for column in range(columns):
        x, y = left + column * step, middle - finite[column * count // columns] * reach
        low, high = (y, middle) if y < middle else (middle, y)
        # Whole pixels: columns that share one would show as seams.
        draw.add_rect_filled((round(x), low), (round(x + step), high), fill)
        points.append((x + step / 2, y))
    draw.add_polyline(points, line, max(1.0, theme.px(theme.HAIRLINE)), imgui.ImDrawFlags_.none)
    pad = theme.px(theme.GAP_TINY)
    note = f"{len(values)}"
    shade = theme.u32(theme.TEXT_FAINT)
    draw.add_text((corner.x + pad, corner.y + pad * 0.5), shade, f"±{top:.2f}")
    at = (end[0] - pad - imgui.calc_text_size(note).x, corner.y + pad * 0.5)
    draw.add_text(at, shade, note)
