"""The bar along the bottom: time on the left, the state of the machine on the right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import control as binding
from sgview.gui.controls import icons, widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.value_bar import value_bar
from sgview.gui.panels import Emit
from sgview.gui.panels.history_menu import draw_history_button
from sgview.gui.panels.recording import draw_recording
from sgview.state.commands import (
    ChoosePreset,
    Command,
    NamePreset,
    Redo,
    Rewind,
    SaveSnapshot,
    Step,
    TogglePause,
    Undo,
)
from sgview.state.fields import fields_of
from sgview.state.machine import Timing
from sgview.state.params import Params, Playback
from sgview.state.status import Status

_FLAGS = (
    imgui.WindowFlags_.no_decoration
    | imgui.WindowFlags_.no_docking
    | imgui.WindowFlags_.no_saved_settings
    | imgui.WindowFlags_.no_move
)
_SPEED = fields_of(Playback)["speed"]


@dataclass(frozen=True)
class _Field:
    """One read-out on the right."""

    text: str
    widest: str  # what its column must hold, so that nothing jumps as numbers change
    help: str = ""
    colour: theme.Rgba = theme.TEXT_DIM


def draw_transport(
    params: Params,
    status: Status,
    emit: Emit,
    show_keys: Callable[[], None] | None = None,
    show_performance: Callable[[], None] | None = None,
    show_outputs: Callable[[], None] | None = None,
) -> Params:
    """Draw the bar.

    `show_keys` is called by the button that shows the sheet of keys, `show_performance` by that of
    the performance panel and by a click on the rates, `show_outputs` by that of the outputs.
    """
    imgui.push_style_color(imgui.Col_.window_bg, theme.BAR)
    style = imgui.get_style()
    bar = theme.px(theme.STATUS_HEIGHT)
    padding = imgui.ImVec2(style.window_padding.x, (bar - imgui.get_frame_height()) / 2)
    imgui.push_style_var(imgui.StyleVar_.window_padding, padding)
    imgui.push_style_var(imgui.StyleVar_.window_border_size, 0.0)
    imgui.push_style_var(imgui.StyleVar_.window_rounding, 0.0)
    viewport = imgui.get_main_viewport()
    imgui.internal.begin_viewport_side_bar("##transport", viewport, imgui.Dir.down, bar, _FLAGS)
    params = _draw_time(params, status, emit)
    if viewport.size.x >= theme.px(theme.STATUS_TOOLS_FROM):
        imgui.same_line(0.0, theme.px(theme.GAP_LARGE))
        _draw_tools(status, emit, show_keys, show_performance, show_outputs)
    imgui.same_line(0.0, theme.px(theme.GAP_LARGE))
    if _draw_fields(_fields(status), status.picture.timings) and show_performance is not None:
        show_performance()
    imgui.end()
    imgui.pop_style_var(3)
    imgui.pop_style_color()
    return params


def _draw_time(params: Params, status: Status, emit: Emit) -> Params:
    if widgets.icon_button(icons.BACKWARD_FAST, "rewind", "Rewind to 0  (Home)"):
        emit(Rewind())
    imgui.same_line(0.0, 0.0)
    if widgets.icon_button(icons.BACKWARD_STEP, "back", "Step back  (,)"):
        emit(Step(-1))
    imgui.same_line(0.0, 0.0)
    icon, help = (icons.PLAY, "Play") if status.player.is_paused else (icons.PAUSE, "Pause")
    if widgets.icon_button(icon, "pause", f"{help}  (Space)", is_lit=status.player.is_paused):
        emit(TogglePause())
    imgui.same_line(0.0, 0.0)
    if widgets.icon_button(icons.FORWARD_STEP, "step", "Step  (.)"):
        emit(Step(1))
    imgui.same_line()
    imgui.align_text_to_frame_padding()
    widgets.text("t", theme.TEXT_DIM)
    imgui.same_line()
    column = imgui.calc_text_size("-0000.00 s").x
    shown = f"{status.player.t:.2f} s"
    imgui.set_cursor_pos_x(
        imgui.get_cursor_pos_x() + max(column - imgui.calc_text_size(shown).x, 0.0)
    )
    widgets.text(shown)
    imgui.same_line(0.0, theme.px(theme.GAP))
    imgui.set_next_item_width(theme.px(theme.SPEED_WIDTH))
    control = Controls(params, status, emit)("playback.speed")
    shown_speed = control.shown(params.playback.speed)
    speed = value_bar(
        "##speed",
        shown_speed,
        *control.usual,
        format=f"%.{_SPEED.digits}f{_SPEED.suffix}",
        is_driven=control.is_bound,
        tint=control.colour if control.is_bound else None,
    )
    if control.is_bound:
        if binding.is_asked(control):
            control.open()
        binding.explain(control)
        return params
    if imgui.is_item_clicked(imgui.MouseButton_.right):
        speed = 1.0
    widgets.tooltip(_SPEED.help, "Right-click resets to 1.")
    imgui.same_line(0.0, 0.0)
    binding.dot_here(control)
    if speed == params.playback.speed:
        return params
    return replace(params, playback=replace(params.playback, speed=speed))


def _draw_tools(
    status: Status,
    emit: Emit,
    show_keys: Callable[[], None] | None,
    show_performance: Callable[[], None] | None,
    show_outputs: Callable[[], None] | None,
) -> None:
    """What the keys do too, for the mouse."""
    tools: tuple[tuple[str, str, str, bool, Command], ...] = (
        (
            icons.UNDO,
            "undo",
            f"Undo{_first(status.history.undo_names)}  (Ctrl+Z)",
            status.history.can_undo,
            Undo(),
        ),
        (
            *(icons.REDO, "redo", f"Redo{_first(status.history.redo_names)}  (Ctrl+Shift+Z)"),
            *(status.history.can_redo, Redo()),
        ),
        (icons.OPEN_PRESET, "open preset", "Open a preset  (Ctrl+O)", True, ChoosePreset()),
        (icons.SAVE_PRESET, "save preset", "Save a preset  (Ctrl+S)", True, NamePreset()),
        (icons.SNAPSHOT, "snapshot", "Save the picture as PNG  (S)", True, SaveSnapshot()),
    )
    for icon, name, help, is_enabled, command in tools:
        if widgets.icon_button(icon, name, help, is_enabled=is_enabled):
            emit(command)
        imgui.same_line(0.0, 0.0)
        if command == Redo():
            draw_history_button(status, emit)
            imgui.same_line(0.0, 0.0)
    draw_recording(status, emit)
    imgui.same_line(0.0, 0.0)
    if show_outputs is not None and _is_outputs_pressed(status):
        show_outputs()
    imgui.same_line(0.0, 0.0)
    help = "Performance: times, memory, pace  (P)"
    if show_performance is not None and widgets.icon_button(icons.PERFORMANCE, "performance", help):
        show_performance()
    imgui.same_line(0.0, 0.0)
    if show_keys is not None and widgets.icon_button(icons.KEYS, "keys", "All keys  (F1)"):
        show_keys()


def _first(names: tuple[str, ...]) -> str:
    return f": {names[0]}" if names else ""


def _is_outputs_pressed(status: Status) -> bool:
    """The button of the outputs, coloured while one is on or failed."""
    on = [output.name for output in status.outputs if output.is_on]
    failed = any(output.problem for output in status.outputs)
    colour = theme.ERROR if failed else theme.ACCENT if on else None
    help = "\n".join(["Outputs: where pictures go besides the window  (O)", *on])
    return widgets.icon_button(icons.OUTPUTS, "outputs", help, colour=colour)


def _fields(status: Status) -> list[_Field]:
    """Read-outs from the most to the least important."""
    picture = status.picture
    fields = [
        _Field(
            f"{status.engine.picture_fps:.1f} fps", "000.0 fps", "Pictures a second", theme.TEXT
        ),
        _Field(f"GUI {status.screen.fps:.0f}", "GUI 000", "Frames of the window a second"),
    ]
    if picture.channels:
        name = picture.layer or "Image"
        width, height = picture.size
        text = f"{name}  {width} × {height} × {picture.channels}"
        if not picture.is_finite:
            help = "Not finite: the last good picture stays on the screen."
            fields.insert(0, _Field(f"{icons.WARNING} {text}", text, help, theme.WARNING))
        else:
            fields.append(_Field(text, text, "Layer, width, height, channels"))
    if status.engine.device:
        fields.append(
            _Field(status.engine.device, status.engine.device, "Device that computes the pictures")
        )
    if status.screen.display:
        fields.append(
            _Field(
                status.screen.display, status.screen.display, "Path of the picture to the screen"
            )
        )
    return fields


def _draw_fields(fields: list[_Field], timings: tuple[Timing, ...]) -> bool:
    """Right-align as many fields as fit; what remains of the last one is elided.

    True: the first was clicked.
    """
    is_clicked = False
    gap = theme.px(theme.GAP_LARGE)
    room = imgui.get_content_region_avail().x
    shown: list[tuple[_Field, float]] = []
    for field in fields:
        width = imgui.calc_text_size(field.widest).x
        if width + gap > room:
            if room > theme.px(theme.SHORTEST_FIELD):
                shown.append((field, room - gap))
            break
        shown.append((field, width))
        room -= width + gap
    right = imgui.get_cursor_pos_x() + imgui.get_content_region_avail().x
    for field, width in shown:
        right -= width
        text = widgets.elided(field.text, width)
        offset = max(width - imgui.calc_text_size(text).x, 0.0)
        imgui.same_line()
        imgui.set_cursor_pos_x(right + offset)
        imgui.align_text_to_frame_padding()
        widgets.text(text, field.colour)
        is_clicked = is_clicked or (field is fields[0] and imgui.is_item_clicked())
        if field is fields[0] and timings:
            _timings_tooltip(timings)
        else:
            note = field.text if text != field.text else ""
            widgets.tooltip(field.help, note)
        right -= gap
    return is_clicked


def _timings_tooltip(timings: tuple[Timing, ...]) -> None:
    if not imgui.begin_item_tooltip():
        return
    if imgui.begin_table("##timings", 2, imgui.TableFlags_.sizing_fixed_fit):
        for timing in timings:
            imgui.table_next_row()
            imgui.table_next_column()
            widgets.text(timing.stage, theme.TEXT_DIM)
            imgui.table_next_column()
            widgets.text(f"{timing.milliseconds:7.2f} ms")
        imgui.end_table()
    imgui.end_tooltip()
