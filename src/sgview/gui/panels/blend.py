"""How much of network B is in what plays, layer by layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import control as binding
from sgview.gui.controls import icons, rows, widgets
from sgview.gui.controls.control import Control, Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.controls.value_bar import value_bar
from sgview.gui.panels import Emit
from sgview.state.params import Blend, Params
from sgview.state.status import BlendGroup, Status

Result = TypeVar("Result")
_MAPPING = "mapping"


def preset_amounts(name: str, groups: Sequence[BlendGroup]) -> dict[str, float]:
    """Amounts of "low", "high", "ramp", "all" or "none"; groups that cannot blend stay out.

    Low layers are the first half of the synthesis groups, from the input on; "all" alone includes
    the mapping network.
    """
    synthesis = [group.name for group in groups if group.name != _MAPPING]
    half, last = len(synthesis) / 2, max(len(synthesis) - 1, 1)
    shapes: dict[str, Callable[[int], float]] = {
        "low": lambda index: float(index < half),
        "high": lambda index: float(index >= half),
        "ramp": lambda index: round(index / last, 3),
        "all": lambda index: 1.0,
        "none": lambda index: 0.0,
    }
    amounts = {group: shapes[name](index) for index, group in enumerate(synthesis)}
    amounts[_MAPPING] = float(name == "all")
    blendable = {group.name for group in groups if group.is_blendable}
    return {group: a for group, a in amounts.items() if a != 0.0 and group in blendable}


def draw_blend(params: Params, status: Status, emit: Emit) -> Params:
    """Draw source, master, presets and one fader a group."""
    controls = Controls(params, status, emit)
    params = leaf_row(params, controls, "blend.source")
    groups = status.picture.blend_groups
    obstacle = _obstacle(status)
    is_mixing = not obstacle and params.blend.source == "mix"
    params = _dimmed(not is_mixing, lambda: leaf_row(params, controls, "blend.master"))
    blend = params.blend
    if obstacle:
        imgui.spacing()
        widgets.paragraph(obstacle)
    else:
        blend = _draw_presets(blend, groups)
        imgui.spacing()
        below = controls.below("blend.amounts.")
        blend = _dimmed(not is_mixing, lambda: _draw_faders(blend, groups, below))
        if not is_mixing:
            name = params.blend.source.upper()
            widgets.paragraph(f"{name} plays alone: these act once Play is the mix (key B).")
    return replace(params, blend=blend) if blend != params.blend else params


def _dimmed(is_so: bool, draw: Callable[[], Result]) -> Result:
    """Draw what has no effect now; it can be set all the same."""
    alpha = imgui.get_style().alpha * (theme.WITHOUT_EFFECT if is_so else 1.0)
    imgui.push_style_var(imgui.StyleVar_.alpha, alpha)
    result = draw()
    imgui.pop_style_var()
    return result


def _obstacle(status: Status) -> str:
    """Why there are no faders to show; "" if there are."""
    if not ("a" in status.engine.networks and "b" in status.engine.networks):
        return "Load a second network into B, or drop its .pkl on the window, to blend towards it."
    if not status.picture.blend_groups:
        return "These two networks have no layers that can be mixed."
    reasons = {group.reason for group in status.picture.blend_groups}
    if len(reasons) == 1 and not any(group.is_blendable for group in status.picture.blend_groups):
        return f"These two networks cannot be mixed: {reasons.pop()}."
    return ""


def _draw_presets(blend: Blend, groups: Sequence[BlendGroup]) -> Blend:
    presets = (
        ("low", "Low", "B in the layers near the input: pose and shape"),
        ("high", "High", "B in the layers near the image: colour and texture"),
        ("ramp", "Ramp", "From A at the input to B at the image"),
        ("all", "All", "B everywhere, the mapping network included"),
        ("none", "None", "A everywhere"),
    )
    gap = imgui.get_style().item_inner_spacing.x
    rows.label("Presets")
    each = (rows.room() - gap * (len(presets) - 1)) / len(presets)
    imgui.push_style_var_x(imgui.StyleVar_.frame_padding, 0.0)
    for index, (name, label, help) in enumerate(presets):
        if index:
            imgui.same_line(0.0, gap)
        if imgui.button(f"{label}##preset", imgui.ImVec2(each, 0.0)):
            blend = replace(blend, amounts=preset_amounts(name, groups))
        widgets.tooltip(help)
    imgui.pop_style_var()
    return blend


def _draw_faders(blend: Blend, groups: Sequence[BlendGroup], controls: Controls) -> Blend:
    has_signs = any(group.is_blendable and group.reason for group in groups)
    margin = theme.px(theme.DOT_COLUMN + (theme.SIGN_COLUMN if has_signs else 0.0))
    _draw_scale(margin)
    for group in groups:
        amount = blend.amounts.get(group.name, 0.0)
        if group.is_blendable:
            new = _fader(group, amount, blend.master, controls(group.name), margin)
        else:
            new = _refusal(group)
        if new is not None and new != amount:
            amounts = {**blend.amounts, group.name: new}
            kept = {name: value for name, value in amounts.items() if value != 0.0}
            blend = replace(blend, amounts=kept)
    return blend


def _name(group: BlendGroup, colour: theme.Rgba) -> bool:
    """The left column; True if the user asks for a reset."""
    left, width = imgui.get_cursor_pos_x(), theme.px(theme.BLEND_LABEL_WIDTH)
    imgui.align_text_to_frame_padding()
    widgets.text(widgets.elided(group.name, width - theme.px(theme.GAP_SMALL)), colour)
    is_reset = imgui.is_item_clicked(imgui.MouseButton_.right) or (
        imgui.is_item_hovered() and imgui.is_mouse_double_clicked(imgui.MouseButton_.left)
    )
    imgui.same_line()
    imgui.set_cursor_pos_x(left + width)
    return is_reset


def _draw_scale(margin: float) -> None:
    """A and B over the two ends of the faders."""
    left, width = imgui.get_cursor_pos_x(), theme.px(theme.BLEND_LABEL_WIDTH)
    imgui.set_cursor_pos_x(left + width)
    widgets.text("A", theme.TEXT_FAINT)
    imgui.same_line()
    widgets.text_right("B", theme.TEXT_FAINT, margin)


def _fader(
    group: BlendGroup, amount: float, master: float, control: Control, margin: float
) -> float:
    is_reset = _name(group, theme.TEXT if amount else theme.TEXT_DIM)
    imgui.set_next_item_width(-margin)
    new = value_bar(
        f"##blend {group.name}",
        control.shown(amount),
        *control.usual,
        format="%.3f",
        is_driven=control.is_bound,
        tint=control.colour if control.is_bound else None,
    )
    if control.is_bound:
        new = amount
        if binding.is_asked(control):
            control.open()
        binding.explain(control)
    else:
        is_reset = is_reset or imgui.is_item_clicked(imgui.MouseButton_.right)
        if master != 1.0:
            widgets.tooltip("", f"With the master: {amount * master:.3f}")
    if group.reason:
        imgui.same_line()
        widgets.mark(icons.INFO, theme.TEXT_DIM, group.reason)
    binding.dot(control)
    binding.error_line(control)
    return 0.0 if is_reset else new


def _refusal(group: BlendGroup) -> None:
    """A group that cannot blend: its name and the reason, greyed."""
    _name(group, theme.TEXT_FAINT)
    room = imgui.get_content_region_avail().x
    widgets.text(group.reason or "Cannot be blended", theme.TEXT_DIM, room)
