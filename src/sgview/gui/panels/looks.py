"""The grid of looks: a click recalls one, a right click changes it."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, rows, thumbnails, widgets
from sgview.gui.panels import Emit
from sgview.state.commands import (
    DeleteLook,
    RecallLook,
    RenameLook,
    SaveLook,
    SetFade,
    SetLookKey,
)
from sgview.state.morph import Easing
from sgview.state.params import Params
from sgview.state.status import FadeStatus, LookStatus, Status

_EASINGS: tuple[tuple[Easing, str], ...] = (
    ("linear", "Linear"),
    ("smooth", "Smooth"),
    ("in", "In"),
    ("out", "Out"),
)
_EASING_HELP = ("At one pace.", "Gently at both ends.", "Slowly at first.", "Slowly at last.")
_KEYS = range(1, 10)


class LooksPanel:
    """Remembers the name that is being typed."""

    def __init__(self) -> None:
        self._typed = ""

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw how looks are recalled, then the grid."""
        _draw_fade(status.show.fade, emit)
        imgui.spacing()
        own = [look for look in status.show.looks if not look.is_shipped]
        shipped = [look for look in status.show.looks if look.is_shipped]
        with_new: list[LookStatus | None] = [*own, None]
        self._draw_grid(with_new, status, emit)
        if not own:
            widgets.paragraph(
                "A look holds every value, binding and slider. Save one with the key L, recall "
                "it with 1 to 9. Until yours have these keys, those below do."
            )
        imgui.spacing()
        if shipped and widgets.section("Shipped with sgview", note=str(len(shipped))):
            self._draw_grid([*shipped], status, emit)
        return params

    def _draw_grid(self, looks: list[LookStatus | None], status: Status, emit: Emit) -> None:
        """Cells of one size, as many a line as fit; None is the cell that saves."""
        for index, side in thumbnails.grid(len(looks), theme.LOOK_WIDTH):
            look = looks[index]
            if look is not None:
                self._draw_look(look, side, status, emit)
            elif thumbnails.save_button("look", side, "Save what plays now as a look  (L)"):
                emit(SaveLook())

    def _draw_look(self, look: LookStatus, side: float, status: Status, emit: Emit) -> None:
        corner = imgui.get_cursor_screen_pos()
        is_pressed = imgui.invisible_button(f"##look {look.name}", imgui.ImVec2(side, side))
        is_hovered = imgui.is_item_hovered()
        if is_pressed and not look.problem:
            is_cut = imgui.get_io().key_shift
            emit(RecallLook(name=look.name, seconds=0.0 if is_cut else None))
        _explain(look)
        self._draw_menu(look, emit)
        end = imgui.ImVec2(corner.x + side, corner.y + side)
        sign = icons.WARNING if look.problem else icons.IMAGE
        colour = theme.WARNING if look.problem else theme.TEXT_FAINT
        thumbnails.draw_picture(corner, end, look.texture, sign, colour)
        if status.show.fade.look == look.name:
            _draw_current(corner, end, status.show.fade.progress)
        elif is_hovered and not look.problem:
            thumbnails.draw_outline(corner, end, theme.TEXT_DIM)
        if look.key:
            _draw_key(str(look.key), corner)
        is_current = status.show.fade.look == look.name
        colour = theme.TEXT if is_current else theme.WARNING if look.problem else theme.TEXT_DIM
        widgets.text(look.name, colour, side)

    def _draw_menu(self, look: LookStatus, emit: Emit) -> None:
        if not imgui.begin_popup_context_item(f"##menu {look.name}"):
            return
        if look.is_shipped:
            _draw_keys(look, emit)
            imgui.end_popup()
            return
        if imgui.is_window_appearing():
            self._typed = look.name
        imgui.set_next_item_width(theme.px(theme.LOOK_MENU))
        is_entered, self._typed = imgui.input_text_with_hint(
            "##look name", "Name", self._typed, imgui.InputTextFlags_.enter_returns_true
        )
        if is_entered:
            emit(RenameLook(look.name, self._typed.strip()))
            imgui.close_current_popup()
        if not look.problem:
            _draw_keys(look, emit)
            if imgui.selectable("Replace by what plays now", False)[0]:
                emit(SaveLook(look.name))
        if imgui.selectable("Delete", False)[0]:
            emit(DeleteLook(look.name))
        widgets.tooltip("It moves to the folder “removed” beside the looks.")
        imgui.end_popup()


def _draw_fade(fade: FadeStatus, emit: Emit) -> None:
    seconds = rows.number(
        "Crossfade",
        fade.seconds,
        2.0,
        0.0,
        10.0,
        minimum=0.0,
        maximum=3600.0,
        digits=1,
        unit=" s",
        help="How long a recall takes. Numbers slide, the rest switches halfway.",
    )
    easing = rows.choice("Easing", fade.easing, "smooth", _EASINGS, option_help=_EASING_HELP)
    if (seconds, easing) != (fade.seconds, fade.easing):
        emit(SetFade(seconds, easing))


def _draw_keys(look: LookStatus, emit: Emit) -> None:
    """The number row; the one of this look is lit."""
    imgui.align_text_to_frame_padding()
    widgets.text("Key", theme.TEXT_DIM)
    side = imgui.get_frame_height()
    for key in _KEYS:
        imgui.same_line(0.0, theme.px(theme.GAP_TINY) if key == 1 else 1.0)
        is_own = key == look.key
        imgui.push_style_color(imgui.Col_.button, theme.ACCENT_STRONG if is_own else theme.FIELD)
        imgui.push_style_var_x(imgui.StyleVar_.frame_padding, 0.0)
        if imgui.button(f"{key}##key", imgui.ImVec2(side, 0.0)):
            emit(SetLookKey(look.name, 0 if is_own else key))
        imgui.pop_style_var()
        imgui.pop_style_color()


def _draw_current(corner: imgui.ImVec2, end: imgui.ImVec2, progress: float) -> None:
    """What plays has a frame; while it fades in, a line at its foot fills."""
    thumbnails.draw_outline(corner, end, theme.ACCENT)
    if progress < 1.0:
        draw = imgui.get_window_draw_list()
        height = max(3.0, round(theme.px(theme.STRIPE)))
        across = corner.x + (end.x - corner.x) * progress
        below = (corner.x, end.y - height)
        draw.add_rect_filled(below, end, theme.u32(theme.SHADE))
        draw.add_rect_filled(below, (across, end.y), theme.u32(theme.ACCENT))


def _draw_key(key: str, corner: imgui.ImVec2) -> None:
    draw = imgui.get_window_draw_list()
    size = imgui.calc_text_size(key)
    side = round(theme.px(theme.KEY_BADGE))
    margin = theme.px(theme.GAP_TINY)
    left, top = corner.x + margin, corner.y + margin
    draw.add_rect_filled(
        (left, top),
        (left + side, top + side),
        theme.u32(theme.OVER_PICTURE),
        theme.px(theme.ROUNDING),
    )
    at = (left + (side - size.x) / 2, top + (side - size.y) / 2)
    draw.add_text(at, theme.u32(theme.TEXT), key)


def _explain(look: LookStatus) -> None:
    if look.problem:
        widgets.tooltip(look.problem, "Mend the file: it is read again at once.")
    else:
        note = (
            "Shift cuts. Right-click: key."
            if look.is_shipped
            else "Shift cuts. Right-click: name, key, delete."
        )
        widgets.tooltip(look.name, note)
