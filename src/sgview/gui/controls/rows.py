"""Labelled rows: name on the left, control on the right, both columns aligned over a panel.

The name is dim while the value is the default. Right-click on either side, or a double click on
the name, resets. A value that can be bound has a dot at the right edge; while it is bound, its
control shows the moving value in the colour of its source, and a click on it opens the editor.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import control as binding
from sgview.gui.controls import widgets
from sgview.gui.controls.control import Control, Controls
from sgview.gui.controls.value_bar import integer_bar, value_bar
from sgview.state.params import Vec3

T = TypeVar("T")


def label(name: str, is_default: bool = True, help: str = "", note: str = "") -> bool:
    """Begin a row; the next item fills its right column. True if the user asks for a reset."""
    left = imgui.get_cursor_pos_x()
    width = min(theme.px(theme.LABEL_WIDTH), imgui.get_content_region_avail().x * theme.LABEL_SHARE)
    imgui.align_text_to_frame_padding()
    colour = theme.TEXT_DIM if is_default else theme.TEXT
    widgets.text(widgets.elided(name, width - theme.px(theme.GAP_SMALL)), colour)
    is_reset = imgui.is_item_clicked(imgui.MouseButton_.right) or (
        imgui.is_item_hovered() and imgui.is_mouse_double_clicked(imgui.MouseButton_.left)
    )
    widgets.tooltip(help, note)
    imgui.same_line()
    imgui.set_cursor_pos_x(left + width)
    imgui.set_next_item_width(-theme.px(theme.DOT_COLUMN))
    return is_reset


def room() -> float:
    """Width of the right column from here on, the dot's left out [px]."""
    return imgui.get_content_region_avail().x - theme.px(theme.DOT_COLUMN)


def end_row(control: Control | None) -> bool:
    """Finish a row after its control; True if the user asks for a reset."""
    if control is None:
        return _is_reset()
    is_reset = False
    if not control.is_bound:
        is_reset = _is_reset()
    elif binding.is_asked(control):
        control.open()
    else:
        binding.explain(control)
    binding.dot(control)
    binding.error_line(control)
    return is_reset


def _is_reset() -> bool:
    return imgui.is_item_clicked(imgui.MouseButton_.right)


def number(
    name: str,
    value: float,
    default: float,
    low: float,
    high: float,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    digits: int = 3,
    unit: str = "",
    help: str = "",
    control: Control | None = None,
) -> float:
    """A number with a usual range of `low..high`, free beyond it unless limits are given."""
    text_format = f"%.{digits}f{unit.replace('%', '%%')}"
    is_reset = label(name, value == default, help, f"Right-click resets to {default:g}.")
    new = value_bar(
        f"##{name}",
        control.shown(value) if control is not None else value,
        low,
        high,
        minimum=minimum,
        maximum=maximum,
        format=text_format,
        **driven(control),
    )
    is_reset = end_row(control) or is_reset
    return _result(value, new, default, is_reset, control)


def integer(
    name: str,
    value: int,
    default: int,
    low: int,
    high: int,
    *,
    minimum: int | None = None,
    maximum: int | None = None,
    is_filled: bool = True,
    help: str = "",
    control: Control | None = None,
) -> int:
    """A whole number; `is_filled` False for one without a usual range, such as a seed."""
    is_reset = label(name, value == default, help, f"Right-click resets to {default}.")
    new = integer_bar(
        f"##{name}",
        round(control.shown(value)) if control is not None else value,
        low,
        high,
        minimum=minimum,
        maximum=maximum,
        is_filled=is_filled,
        **driven(control),
    )
    is_reset = end_row(control) or is_reset
    return _result(value, new, default, is_reset, control)


def vector(
    name: str,
    value: Vec3,
    default: Vec3,
    *,
    speed: float = 0.01,
    digits: int = 2,
    unit: str = "",
    help: str = "",
    controls: Controls | None = None,
) -> Vec3:
    """Three numbers, x y z; `speed` is the change per pixel dragged; `controls` are below it."""
    shown = " ".join(f"{v:g}" for v in default)
    is_reset = label(name, value == default, help, f"Right-click resets to {shown}.")
    gap = imgui.get_style().item_inner_spacing.x
    each = (room() - 2 * gap) / 3
    parts = list(value)
    axes = [controls(str(index)) if controls is not None else None for index in range(3)]
    for index, (axis, control) in enumerate(zip("xyz", axes, strict=True)):
        if index:
            imgui.same_line(0.0, gap)
        imgui.set_next_item_width(each)
        span = speed * each
        is_bound = control is not None and control.is_bound
        low, high = control.usual if control is not None and is_bound else (-span / 2, span / 2)
        new = value_bar(
            f"##{name} {axis}",
            control.shown(value[index]) if control is not None else value[index],
            low,
            high,
            format=f"%.{digits}f{unit}",
            is_filled=is_bound,
            **driven(control),
        )
        if control is None or not is_bound:
            is_reset = is_reset or _is_reset()
            parts[index] = new
        elif binding.is_asked(control):
            control.open()
        else:
            binding.explain(control)
    bound = [control for control in axes if control is not None and control.is_bound]
    first = next(iter(bound), axes[0])
    if first is not None:
        binding.dot(first)
    for control in bound:
        binding.error_line(control)
    return default if is_reset else (parts[0], parts[1], parts[2])


def toggle(
    name: str,
    value: bool,
    default: bool = False,
    help: str = "",
    control: Control | None = None,
) -> bool:
    """An on/off switch."""
    is_reset = label(name, value == default, help)
    is_bound = control is not None and control.is_bound
    imgui.begin_disabled(is_bound)
    tint = control.colour if control is not None and is_bound else None
    shown = control.shown(value) >= 0.5 if control is not None else value
    new = widgets.switch(f"##{name}", shown, tint)
    imgui.end_disabled()
    is_reset = end_row(control) or is_reset
    return _result(value, new, default, is_reset, control)


def driven(control: Control | None) -> dict[str, Any]:
    """What a bar needs to know of what drives it."""
    if control is None or not control.is_bound:
        return {}
    return {"is_driven": True, "tint": control.colour}


def _result(value: T, new: T, default: T, is_reset: bool, control: Control | None) -> T:
    """What a row returns: a bound value stays as it was set by hand, but for a reset."""
    if is_reset:
        return default
    return value if control is not None and control.is_bound else new


def choice(
    name: str,
    value: T,
    default: T,
    options: Sequence[tuple[T, str]],
    help: str = "",
    option_help: Sequence[str] = (),
) -> T:
    """One of a few options, all in sight."""
    is_reset = label(name, value == default, help)
    new = widgets.segments(name, value, options, room(), help=option_help)
    return default if is_reset or _is_reset() else new


def combo(name: str, value: T, default: T, options: Sequence[tuple[T, str]], help: str = "") -> T:
    """One of several options, in a drop-down list."""
    is_reset = label(name, value == default, help)
    texts: dict[Any, str] = dict(options)
    if widgets.begin_combo(f"##{name}", texts.get(value, str(value))):
        for option, text in options:
            if imgui.selectable(text, option == value)[0]:
                value = option
        imgui.end_combo()
    elif _is_reset():
        is_reset = True
    return default if is_reset else value


def read_out(name: str, content: str, help: str = "") -> None:
    """A value that is only shown."""
    label(name, True, help)
    imgui.align_text_to_frame_padding()
    widgets.text(content, theme.TEXT, room())
