"""Small controls that Dear ImGui lacks: icon buttons, segments, switches, elided text, sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons
from sgview.gui.controls.tooltip_place import begin_tooltip
from sgview.state.text import drawable

T = TypeVar("T")
_COMBO = imgui.ComboFlags_.no_arrow_button | imgui.ComboFlags_.height_large  # up to 20 lines
_RESTED_ON = imgui.HoveredFlags_.for_tooltip | imgui.HoveredFlags_.allow_when_disabled


def tooltip(text: str, note: str = "") -> None:
    """Explain the last item while the mouse rests on it; `note` follows in a dimmer line.

    While the item is held, nothing lies in the way.
    """
    if not (text or note):
        return
    if not imgui.is_item_hovered(_RESTED_ON) or imgui.is_item_active():
        return
    lines = [wrapped(part, theme.px(theme.TOOLTIP_WIDTH)) for part in (text, note)]
    sizes = [imgui.calc_text_size(line) for line in lines if line]
    height = sum(size.y for size in sizes) + (len(sizes) - 1) * imgui.get_style().item_spacing.y
    if begin_tooltip(max(size.x for size in sizes), height):
        if text:
            imgui.text_unformatted(lines[0])
        if note:
            imgui.push_style_color(imgui.Col_.text, theme.TEXT_DIM)
            imgui.text_unformatted(lines[1])
            imgui.pop_style_color()
        imgui.end_tooltip()


def wrapped(text: str, width: float) -> str:
    """`text` broken into lines of `width` [px] at its spaces, and within a word only if it must be.

    ImGui breaks after a full stop too, which tears names apart: "math." and "sin".
    """
    lines: list[str] = []
    for paragraph in drawable(text).split("\n"):
        line, *words = paragraph.split(" ")
        for word in [*words, None]:
            if word is not None and imgui.calc_text_size(f"{line} {word}").x <= width:
                line = f"{line} {word}"
                continue
            while imgui.calc_text_size(line).x > width and len(line) > 1:
                count = _fitting(line, width)
                lines.append(line[:count])
                line = line[count:]
            lines.append(line)
            line = word or ""
    return "\n".join(lines)


def _fitting(word: str, width: float) -> int:
    """Return how many characters of a word fit, one at least."""
    low, high = 1, len(word)
    while low < high:
        middle = (low + high + 1) // 2
        if imgui.calc_text_size(word[:middle]).x <= width:
            low = middle
        else:
            high = middle - 1
    return low


def elided(text: str, width: float, keep_end: bool = False) -> str:
    """`text` shortened to `width` [px] with an ellipsis at its end, or at its start."""
    text = drawable(text)
    if imgui.calc_text_size(text).x <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        part = "…" + text[-middle:] if keep_end else text[:middle] + "…"
        if imgui.calc_text_size(part).x <= width:
            low = middle
        else:
            high = middle - 1
    if low == 0:
        return "…"
    return "…" + text[-low:] if keep_end else text[:low] + "…"


def text(
    content: str,
    colour: theme.Rgba = theme.TEXT,
    width: float | None = None,
    keep_end: bool = False,
) -> None:
    """One line of text, elided to `width` [px]; the whole text is then shown on hover."""
    content = drawable(content)
    shown = content if width is None else elided(content, width, keep_end)
    imgui.push_style_color(imgui.Col_.text, colour)
    imgui.text_unformatted(shown)
    imgui.pop_style_color()
    if shown != content:
        tooltip(content)


def text_right(content: str, colour: theme.Rgba = theme.TEXT_DIM, margin: float = 0.0) -> None:
    """One line of text that ends `margin` [px] before the right edge of the content."""
    content = drawable(content)
    room = imgui.get_content_region_avail().x - imgui.calc_text_size(content).x - margin
    imgui.set_cursor_pos_x(imgui.get_cursor_pos_x() + max(room, 0.0))
    text(content, colour)


def paragraph(content: str, colour: theme.Rgba = theme.TEXT_DIM) -> None:
    """Text wrapped at the right edge of the content."""
    imgui.push_style_color(imgui.Col_.text, colour)
    imgui.text_unformatted(wrapped(content, imgui.get_content_region_avail().x))
    imgui.pop_style_color()


def icon_button(
    icon: str,
    name: str,
    help: str = "",
    *,
    is_enabled: bool = True,
    is_lit: bool = False,
    is_flat: bool = True,
    colour: theme.Rgba | None = None,
) -> bool:
    """A square button with one glyph; `name` is its id, `is_lit` shows that it is on."""
    side = imgui.get_frame_height()
    base = theme.ACCENT_STRONG if is_lit else theme.CLEAR if is_flat else theme.FIELD
    imgui.push_style_color(imgui.Col_.button, base)
    if is_lit:
        imgui.push_style_color(imgui.Col_.button_hovered, theme.faded(theme.ACCENT_STRONG, 0.85))
        imgui.push_style_color(imgui.Col_.button_active, theme.ACCENT_STRONG)
    shade = colour or (theme.ON_ACCENT if is_lit else theme.TEXT)
    imgui.push_style_color(imgui.Col_.text, shade)
    imgui.push_style_var_x(imgui.StyleVar_.frame_padding, 0.0)
    imgui.begin_disabled(not is_enabled)
    is_pressed = imgui.button(f"{icon}##{name}", imgui.ImVec2(side, side))
    imgui.end_disabled()
    imgui.pop_style_var()
    imgui.pop_style_color(4 if is_lit else 2)
    tooltip(help)
    return is_pressed


def icon_button_width(count: int = 1) -> float:
    """Width of `count` icon buttons in a row, the spacing before each included [px]."""
    return count * (imgui.get_frame_height() + imgui.get_style().item_spacing.x)


def segments(
    name: str,
    value: T,
    options: Sequence[tuple[T, str]],
    width: float | None = None,
    help: Sequence[str] = (),
) -> T:
    """A choice between few things, all in sight; `width` [px], None: all that is left."""
    imgui.push_id(name)
    style = imgui.get_style()
    gap = max(1.0, round(style.frame_rounding / 3))
    total = imgui.get_content_region_avail().x if width is None else width
    each = (total - gap * (len(options) - 1)) / len(options)
    imgui.push_style_var_x(imgui.StyleVar_.item_spacing, gap)
    imgui.push_style_var_x(imgui.StyleVar_.frame_padding, 0.0)
    imgui.begin_group()
    for index, (option, label) in enumerate(options):
        is_chosen = option == value
        if index:
            imgui.same_line()
        if is_chosen:
            imgui.push_style_color(imgui.Col_.button, theme.ACCENT_FILL)
            imgui.push_style_color(imgui.Col_.button_hovered, theme.ACCENT_FILL)
            imgui.push_style_color(imgui.Col_.button_active, theme.ACCENT_FILL)
        imgui.push_style_color(imgui.Col_.text, theme.ON_ACCENT if is_chosen else theme.TEXT_DIM)
        if imgui.button(f"{elided(label, each)}##{index}", imgui.ImVec2(each, 0.0)):
            value = option
        imgui.pop_style_color(4 if is_chosen else 1)
        if index < len(help):
            tooltip(help[index])
    imgui.end_group()
    imgui.pop_style_var(2)
    imgui.pop_id()
    return value


def switch(name: str, is_on: bool, tint: theme.Rgba | None = None) -> bool:
    """A sliding on/off switch; returns its new state. `tint` is the colour of what drives it."""
    height = imgui.get_frame_height()
    side = round(height * 0.72)
    width = round(side * 1.75)
    corner = imgui.get_cursor_screen_pos()
    if imgui.invisible_button(name, imgui.ImVec2(width, height)):
        is_on = not is_on
    is_hovered = imgui.is_item_hovered()
    draw = imgui.get_window_draw_list()
    top = corner.y + (height - side) / 2
    radius = side / 2
    track = (
        (tint or theme.ACCENT_STRONG)
        if is_on
        else theme.FIELD_HOVERED
        if is_hovered
        else theme.FIELD
    )
    draw.add_rect_filled((corner.x, top), (corner.x + width, top + side), theme.u32(track), radius)
    x = corner.x + (width - radius if is_on else radius)
    knob = theme.ON_ACCENT if is_on else tint or theme.TEXT_DIM
    draw.add_circle_filled((x, top + radius), radius * 0.66, theme.u32(knob))
    return is_on


def begin_card(name: str) -> None:
    """Begin a box on the panel that is as high as what it holds; `end_card` ends it."""
    padding = imgui.ImVec2(theme.px(theme.GAP_SMALL), theme.px(theme.GAP_TINY))
    imgui.push_style_var(imgui.StyleVar_.window_padding, padding)
    imgui.push_style_color(imgui.Col_.child_bg, theme.CARD)
    flags = imgui.ChildFlags_.auto_resize_y | imgui.ChildFlags_.always_use_window_padding
    imgui.begin_child(name, imgui.ImVec2(0.0, 0.0), flags)


def end_card() -> None:
    """End the box; it is then the last item."""
    imgui.end_child()
    imgui.pop_style_color()
    imgui.pop_style_var()


def begin_combo(name: str, preview: str, lines: int = 0) -> bool:
    """A drop-down list with a quiet arrow; `imgui.end_combo` ends it if this returned True.

    `lines` are all shown, as far as the window has room; 0: ImGui chooses.
    """
    if lines:
        height = lines * imgui.get_text_line_height_with_spacing()
        height += 2 * imgui.get_style().window_padding.y
        room = imgui.get_main_viewport().size.y * theme.POPUP_SHARE
        largest = imgui.ImVec2(imgui.FLT_MAX, min(height, room))
        imgui.set_next_window_size_constraints(imgui.ImVec2(0.0, 0.0), largest)
    corner, width = imgui.get_cursor_screen_pos(), imgui.calc_item_width()
    arrow = theme.px(theme.ARROW_COLUMN)
    shown = elided(preview, width - arrow - 2 * imgui.get_style().frame_padding.x)
    is_open = imgui.begin_combo(name, shown, _COMBO)
    if not is_open:
        theme.push_face("text", theme.SMALL)
        size = imgui.get_font_size()
        at = (corner.x + width - arrow, corner.y + (imgui.get_frame_height() - size) / 2)
        colour = theme.u32(theme.TEXT_DIM)
        imgui.get_window_draw_list().add_text(at, colour, icons.EXPANDED)
        imgui.pop_font()
    return is_open


def section(label: str, is_open: bool = True, note: str = "") -> bool:
    """A header over the whole width of the window that folds what follows; True while open.

    `note` stands dimmed at its right end.
    """
    storage, key = imgui.get_state_storage(), imgui.get_id(f"{label} is open")
    is_open = storage.get_bool(key, is_open)
    window, size = imgui.get_window_pos(), imgui.get_window_size()
    content = imgui.get_cursor_screen_pos()
    height = round(theme.px(theme.HEADER_HEIGHT))
    room = imgui.get_content_region_avail().x
    if imgui.invisible_button(label, imgui.ImVec2(max(room, 1.0), height)):
        is_open = not is_open
        storage.set_bool(key, is_open)
    is_hovered = imgui.is_item_hovered()
    draw = imgui.get_window_draw_list()
    left, right = window.x, window.x + size.x
    top, bottom = content.y, content.y + height
    colour = theme.FIELD if is_hovered else theme.HEADER
    draw.add_rect_filled((left, top), (right, bottom), theme.u32(colour))
    draw.add_line((left, top), (right, top), theme.u32(theme.LINE))
    text_top = top + (height - imgui.get_font_size()) / 2
    icon = icons.EXPANDED if is_open else icons.RIGHT
    theme.push_face("text", theme.SMALL)
    shift = (imgui.get_font_size() / theme.SMALL - imgui.get_font_size()) / 2
    draw.add_text((content.x, text_top + shift), theme.u32(theme.TEXT_DIM), icon)
    imgui.pop_font()
    theme.push_face("strong")
    draw.add_text(
        (content.x + theme.px(theme.ARROW_COLUMN), text_top), theme.u32(theme.TEXT), label
    )
    imgui.pop_font()
    if note:
        shown = elided(note, max(room - theme.px(theme.SHORTEST_FIELD), 0.0))
        at = (content.x + room - imgui.calc_text_size(shown).x, text_top)
        draw.add_text(at, theme.u32(theme.TEXT_DIM), shown)
    return is_open


def heading(label: str) -> None:
    """A small name above some of the rows of a section."""
    imgui.set_cursor_pos_y(imgui.get_cursor_pos_y() + theme.px(theme.GAP_SMALL))
    text(label, theme.TEXT_FAINT)


def mark(icon: str, colour: theme.Rgba, help: str) -> None:
    """A small sign with an explanation."""
    text(icon, colour)
    tooltip(help)
