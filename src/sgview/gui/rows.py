"""Labelled rows: name on the left, control on the right, both columns aligned over a panel.

The name is dim while the value is the default. Right-click on either side, or a double click on
the name, resets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from imgui_bundle import imgui

from sgview.gui import theme, widgets
from sgview.gui.value_bar import integer_bar, value_bar
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
    imgui.set_next_item_width(-1.0)
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
) -> float:
    """A number with a usual range of `low..high`, free beyond it unless limits are given."""
    text_format = f"%.{digits}f{unit.replace('%', '%%')}"
    is_reset = label(name, value == default, help, f"Right-click resets to {default:g}.")
    new = value_bar(
        f"##{name}", value, low, high, minimum=minimum, maximum=maximum, format=text_format
    )
    return default if is_reset or _is_reset() else new


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
) -> int:
    """A whole number; `is_filled` False for one without a usual range, such as a seed."""
    is_reset = label(name, value == default, help, f"Right-click resets to {default}.")
    new = integer_bar(
        f"##{name}", value, low, high, minimum=minimum, maximum=maximum, is_filled=is_filled
    )
    return default if is_reset or _is_reset() else new


def vector(
    name: str,
    value: Vec3,
    default: Vec3,
    *,
    speed: float = 0.01,
    digits: int = 2,
    unit: str = "",
    help: str = "",
) -> Vec3:
    """Three numbers, x y z; `speed` is the change per pixel dragged."""
    shown = " ".join(f"{v:g}" for v in default)
    is_reset = label(name, value == default, help, f"Right-click resets to {shown}.")
    gap = imgui.get_style().item_inner_spacing.x
    each = (imgui.get_content_region_avail().x - 2 * gap) / 3
    parts = list(value)
    for index, axis in enumerate("xyz"):
        if index:
            imgui.same_line(0.0, gap)
        imgui.set_next_item_width(each)
        span = speed * each
        parts[index] = value_bar(
            f"##{name} {axis}",
            value[index],
            -span / 2,
            span / 2,
            format=f"%.{digits}f{unit}",
            is_filled=False,
        )
        is_reset = is_reset or _is_reset()
    return default if is_reset else (parts[0], parts[1], parts[2])


def toggle(name: str, value: bool, default: bool = False, help: str = "") -> bool:
    """An on/off switch."""
    is_reset = label(name, value == default, help)
    new = widgets.switch(f"##{name}", value)
    return default if is_reset or _is_reset() else new


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
    new = widgets.segments(name, value, options, help=option_help)
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
    widgets.text(content, theme.TEXT, imgui.get_content_region_avail().x)
