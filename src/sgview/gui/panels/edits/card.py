"""One edit as a card: tensor, operation, amount or expression, and what is unfolded below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import control as binding
from sgview.gui.controls import icons, rows, widgets
from sgview.gui.controls.control import Control, Controls
from sgview.gui.controls.leaf_rows import value_row
from sgview.gui.controls.picker import Choice, Picker
from sgview.gui.controls.value_bar import integer_bar, value_bar
from sgview.state.fields import fields_of
from sgview.state.networks import TensorInfo
from sgview.state.operations import OPERATIONS
from sgview.state.params import Edit
from sgview.state.status import EditStatus

SCALE_INVARIANT = (
    "The network divides by the size of this tensor, so a factor does not change the picture; "
    "only its sign does. Add, noise, sign, roll or shuffle do."
)
_FIELDS = fields_of(Edit)
_SOLO_HELP = f"{_FIELDS['solo'].help} Right-click binds it."
_MUTED_ALPHA = 0.5


@dataclass
class Outcome:
    """What the user did to one edit."""

    edit: Edit
    is_unfolded: bool
    is_removed: bool = False
    move: int = 0  # -1 up, +1 down


def is_dead(edit: Edit, tensor: TensorInfo | None) -> bool:
    """True if the edit cannot change the picture, apart from turning its sign."""
    is_factor = OPERATIONS[edit.operation].is_factor
    return is_factor and tensor is not None and tensor.is_scale_invariant


def draw_card(
    edit: Edit,
    tensor: TensorInfo | None,
    status: EditStatus | None,
    *,
    is_heard: bool,
    is_unfolded: bool,
    picker: Picker,
    choices: Callable[[], Sequence[Choice]],
    controls: Controls,
) -> Outcome:
    """Draw one card.

    Args:
        edit: the edit as it is.
        tensor: what it acts on, None if the network has no such tensor.
        status: its value now and what is wrong with it, None while that is not known.
        is_heard: it acts: it is on, and no other edit is solo.
        is_unfolded: channels, seed and order are shown.
        picker: the searchable list of tensors.
        choices: what that list offers.
        controls: of the leaves of this edit.
    """
    outcome = Outcome(edit, is_unfolded)
    widgets.begin_card("##edit")
    _draw_head(outcome, tensor, is_heard, picker, choices, controls)
    alpha = imgui.get_style().alpha * (1.0 if is_heard else _MUTED_ALPHA)
    imgui.push_style_var(imgui.StyleVar_.alpha, alpha)
    _draw_amount(outcome, status, controls("amount"))
    _draw_expression(outcome)
    _draw_problem(outcome.edit, tensor, status)
    if outcome.is_unfolded:
        _draw_details(outcome, tensor, controls)
    imgui.pop_style_var()
    widgets.end_card()
    return outcome


def _draw_head(
    outcome: Outcome,
    tensor: TensorInfo | None,
    is_heard: bool,
    picker: Picker,
    choices: Callable[[], Sequence[Choice]],
    controls: Controls,
) -> None:
    """On or off, the tensor, solo, unfold, remove."""
    edit = outcome.edit
    is_on = _switch(edit.enabled, controls("enabled"))
    imgui.same_line()
    width = imgui.get_content_region_avail().x - widgets.icon_button_width(3)
    colour = theme.TEXT if is_heard else theme.TEXT_DIM
    if tensor is None:
        colour = theme.WARNING
    room = width - 2 * imgui.get_style().frame_padding.x
    name = widgets.elided(edit.tensor, room, keep_end=True)
    imgui.push_style_var(imgui.StyleVar_.button_text_align, imgui.ImVec2(0.0, 0.5))
    imgui.push_style_color(imgui.Col_.text, colour)
    if imgui.button(
        f"{name}###tensor", imgui.ImVec2(max(width, theme.px(theme.SHORTEST_NAME)), 0.0)
    ):
        picker.open("pick tensor")
    imgui.pop_style_color()
    imgui.pop_style_var()
    shape = " × ".join(map(str, tensor.shape)) if tensor else "This network has no such tensor."
    widgets.tooltip(edit.tensor, shape)
    chosen = picker.popup("pick tensor", choices)
    imgui.same_line()
    is_solo, solo = edit.solo, controls("solo")
    is_lit = solo.shown(is_solo) >= 0.5
    is_pressed = widgets.icon_button("S", "solo", _SOLO_HELP, is_lit=is_lit)
    if imgui.is_item_clicked(imgui.MouseButton_.right):
        solo.open()
    elif is_pressed and not solo.is_bound:
        is_solo = not is_solo
    imgui.same_line()
    arrow = icons.EXPANDED if outcome.is_unfolded else icons.RIGHT
    if widgets.icon_button(arrow, "unfold", "Channels, seed, order"):
        outcome.is_unfolded = not outcome.is_unfolded
    imgui.same_line()
    if widgets.icon_button(icons.CLOSE, "remove", "Remove; the tensor is restored exactly"):
        outcome.is_removed = True
    outcome.edit = replace(edit, enabled=is_on, solo=is_solo, tensor=chosen or edit.tensor)


def _switch(is_on: bool, control: Control) -> bool:
    """Whether the edit acts; a right-click binds that."""
    shown = control.shown(is_on) >= 0.5
    tint = control.colour if control.is_bound else None
    new = widgets.switch("on", shown, tint)
    if imgui.is_item_clicked(imgui.MouseButton_.right):
        control.open()
    widgets.tooltip(_FIELDS["enabled"].help, control.error or "Right-click binds it.")
    return is_on if control.is_bound else new


def _draw_amount(outcome: Outcome, status: EditStatus | None, control: Control) -> None:
    """Operation on the left, amount on the right."""
    edit = outcome.edit
    row = OPERATIONS[edit.operation]
    left = imgui.get_cursor_pos_x()
    column = _column()
    imgui.set_next_item_width(column - imgui.get_style().item_spacing.x)
    if widgets.begin_combo("##operation", row.label, len(OPERATIONS)):
        for operation, other in OPERATIONS.items():
            is_same = operation == edit.operation
            if imgui.selectable(other.label, is_same)[0] and not is_same:
                edit = replace(edit, operation=operation, amount=other.neutral)
            widgets.tooltip(other.help)
        imgui.end_combo()
    widgets.tooltip(row.help)
    imgui.same_line()
    imgui.set_cursor_pos_x(left + column)
    imgui.set_next_item_width(-theme.px(theme.DOT_COLUMN))
    is_driven = bool(edit.expression.strip())
    shown = status.amount if is_driven and status is not None else edit.amount
    amount = value_bar(
        "##amount",
        shown,
        *row.usual,
        format=f"%.{row.digits}f",
        is_driven=is_driven,
        tint=control.colour if is_driven else None,
        neutral=row.neutral,
    )
    if is_driven and binding.is_asked(control):
        control.open()
    note = "The expression sets it." if is_driven else f"Right-click resets to {row.neutral:g}."
    widgets.tooltip("", note)
    if not is_driven and edit.operation == outcome.edit.operation:
        is_reset = imgui.is_item_clicked(imgui.MouseButton_.right)
        amount = row.neutral if is_reset else amount
        edit = replace(edit, amount=amount)
    binding.dot(control)
    outcome.edit = edit


def _draw_expression(outcome: Outcome) -> None:
    edit = outcome.edit
    left = imgui.get_cursor_pos_x()
    imgui.align_text_to_frame_padding()
    field = _FIELDS["expression"]
    widgets.text(field.label, theme.TEXT if edit.expression else theme.TEXT_DIM)
    widgets.tooltip(field.help)
    imgui.same_line()
    imgui.set_cursor_pos_x(left + _column())
    imgui.set_next_item_width(-theme.px(theme.DOT_COLUMN))
    theme.push_face("mono")
    is_changed, text = imgui.input_text_with_hint("##expression", "sin(t)", edit.expression)
    imgui.pop_font()
    if is_changed:
        outcome.edit = replace(edit, expression=text)


def _draw_problem(edit: Edit, tensor: TensorInfo | None, status: EditStatus | None) -> None:
    if status is not None and status.error:
        widgets.paragraph(f"{icons.ERROR}  {status.error}", theme.ERROR)
    elif tensor is None:
        widgets.paragraph(f"{icons.WARNING}  This network has no such tensor.", theme.WARNING)
    elif is_dead(edit, tensor):
        widgets.paragraph(f"{icons.WARNING}  A factor does not change this one.", theme.WARNING)
        widgets.tooltip(SCALE_INVARIANT)


def _draw_details(outcome: Outcome, tensor: TensorInfo | None, controls: Controls) -> None:
    """Channel range, seed, order, reset."""
    edit = _draw_channels(outcome.edit, tensor)
    row = OPERATIONS[edit.operation]
    for name in row.parameters:
        edit = replace(edit, **{name: value_row(controls(name), getattr(edit, name))})
    rows.label("Order")
    if widgets.icon_button(icons.UP, "up", "Earlier in the list", is_flat=False):
        outcome.move = -1
    imgui.same_line()
    if widgets.icon_button(icons.DOWN, "down", "Later in the list", is_flat=False):
        outcome.move = 1
    imgui.same_line()
    if imgui.button(f"{icons.RESET}  Reset", imgui.ImVec2(rows.room(), 0.0)):
        edit = replace(edit, amount=row.neutral, expression="", channels=None, seed=0)
    widgets.tooltip("Neutral amount, no expression, all channels")
    outcome.edit = edit


def _draw_channels(edit: Edit, tensor: TensorInfo | None) -> Edit:
    count = tensor.shape[0] if tensor is not None and tensor.shape else 1
    field = _FIELDS["channels"]
    note = f"Right-click resets to {field.none}."
    is_reset = rows.label(field.label, edit.channels is None, field.help, note)
    is_limited = widgets.switch("##limited", edit.channels is not None)
    imgui.same_line()
    if is_reset or not is_limited:
        imgui.align_text_to_frame_padding()
        widgets.text(f"all {count}" if count > 1 else "the only one", theme.TEXT_DIM)
        return replace(edit, channels=None)
    start, stop = edit.channels or (0, count)
    gap = imgui.get_style().item_inner_spacing.x
    dash = imgui.calc_text_size("to").x + 2 * gap
    each = (rows.room() - dash) / 2
    imgui.set_next_item_width(each)
    start = integer_bar(
        "##start", start, 0, count, minimum=0, maximum=max(count - 1, 1), is_filled=False
    )
    imgui.same_line(0.0, gap)
    imgui.align_text_to_frame_padding()
    widgets.text("to", theme.TEXT_DIM)
    imgui.same_line(0.0, gap)
    imgui.set_next_item_width(each)
    stop = integer_bar("##stop", stop, 0, count, minimum=1, maximum=max(count, 2), is_filled=False)
    return replace(edit, channels=(start, max(stop, start)))


def _column() -> float:
    """Where the right column of a card begins [px from its left edge]."""
    room = imgui.get_content_region_avail().x
    return min(theme.px(theme.LABEL_WIDTH), room * theme.LABEL_SHARE)
