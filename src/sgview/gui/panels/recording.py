"""The red button that records what plays, how it does, and the button for what just played."""

from __future__ import annotations

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.controls.value_bar import value_bar
from sgview.gui.panels import Emit
from sgview.state.commands import SaveReplay, SetRecording, ToggleOutput, ToggleTake
from sgview.state.recording import CODEC_NAMES, RECORDER, REPLAY, CodecName, Recording
from sgview.state.status import OutputStatus, Status

CODECS: dict[CodecName, tuple[str, str]] = {
    "h264": ("H.264", "plays everywhere"),
    "h265": ("H.265", "half the size, newer players"),
    "prores": ("ProRes", "for cutting; 4444 with alpha"),
    "vp9": ("VP9", "for the web, with alpha; slow"),
    "av1": ("AV1", "the smallest; slow without a card for it"),
    "ffv1": ("FFV1", "every bit, alpha too; large"),
    "png": ("PNG files", "every bit, alpha too; a file each"),
    "png16": ("PNG files, 16 bits", "for programs that want them"),
}
_MENU = "##how to record"


def draw_recording(status: Status, emit: Emit) -> None:
    """Draw the buttons, with the length of what is recorded and how much was dropped."""
    recorder, replay = _output(status, RECORDER), _output(status, REPLAY)
    label = CODECS[status.recording.codec][0]
    help = (
        f"End the recording  (F9)\n{recorder.target}\n{recorder.note}"
        if recorder.is_on
        else f"Record what plays as {label}  (F9)\nRight-click: how"
    )
    colour = theme.RECORD if recorder.is_on else theme.RECORD_OFF
    if widgets.icon_button(icons.RECORD, "record picture", help, colour=colour):
        emit(ToggleOutput(RECORDER))
    if imgui.is_item_clicked(imgui.MouseButton_.right):
        imgui.open_popup(_MENU)
    _draw_menu(status.recording, replay, emit)
    if recorder.is_on:
        _draw_length(recorder)
    if replay.is_on:
        imgui.same_line(0.0, 0.0)
        help = f"Save the last {replay.seconds:.0f} s  (F10)\nThe replay buffer keeps them."
        if widgets.icon_button(icons.REPLAY, "save replay", help):
            emit(SaveReplay())
    imgui.same_line(0.0, 0.0)
    _draw_take(status, emit)


def _draw_length(recorder: OutputStatus) -> None:
    imgui.same_line(0.0, 0.0)
    imgui.align_text_to_frame_padding()
    seconds = recorder.seconds
    widgets.text(f"{seconds // 60:.0f}:{seconds % 60:04.1f}", theme.RECORD)
    if recorder.dropped:
        imgui.same_line()
        widgets.text(f"{recorder.dropped} dropped", theme.WARNING)
        widgets.tooltip("They came faster than they could be encoded; the film keeps its time.")
    imgui.same_line()
    imgui.dummy(imgui.ImVec2(0.0, 0.0))


def _draw_take(status: Status, emit: Emit) -> None:
    """Lit while a take is recorded, with its length."""
    take = status.show.take
    help = (
        f"End the take  (Ctrl+R)\n{take.path}, {take.size / 1e6:.1f} MB"
        if take.path
        else "Record a take: every value, no picture, to be rendered at leisure  (Ctrl+R)"
    )
    colour = theme.RECORD if take.path else None
    if widgets.icon_button(icons.TAKE, "record", help, colour=colour):
        emit(ToggleTake())
    if take.path:
        imgui.same_line(0.0, 0.0)
        imgui.align_text_to_frame_padding()
        widgets.text(f"{take.seconds // 60:.0f}:{take.seconds % 60:04.1f}", theme.RECORD)
        imgui.same_line()
        imgui.dummy(imgui.ImVec2(0.0, 0.0))


def _draw_menu(recording: Recording, replay: OutputStatus, emit: Emit) -> None:
    """What the next recording is, and whether the last half minute is kept."""
    if not imgui.begin_popup(_MENU):
        return
    chosen = recording
    widgets.text("Record as", theme.TEXT_DIM)
    width = theme.px(theme.RECORDING_WIDTH)
    for name in CODEC_NAMES:
        label, note = CODECS[name]
        size = imgui.ImVec2(width, 0.0)
        flags = imgui.SelectableFlags_.no_auto_close_popups
        is_chosen = name == recording.codec
        imgui.push_style_color(imgui.Col_.text, theme.ACCENT if is_chosen else theme.TEXT)
        if imgui.selectable(f"{label}##{name}", is_chosen, flags, size)[0]:
            chosen = replace(chosen, codec=name)
        imgui.pop_style_color()
        imgui.same_line(theme.px(theme.RECORDING_NOTES))
        widgets.text(note, theme.TEXT_DIM if is_chosen else theme.TEXT_FAINT)
    imgui.separator()
    imgui.align_text_to_frame_padding()
    widgets.text("Quality", theme.TEXT_DIM)
    imgui.same_line(theme.px(theme.RECORDING_NOTES))
    imgui.set_next_item_width(width - theme.px(theme.RECORDING_NOTES))
    quality = value_bar("##quality", recording.quality, 0.0, 100.0, format="%.0f")
    chosen = replace(chosen, quality=min(max(quality, 0.0), 100.0))
    chosen = replace(chosen, hardware=_switched("Graphics card encodes", chosen.hardware))
    chosen = replace(chosen, sound=_switched("Sound that is listened to", chosen.sound))
    keeps = _switched(f"Keep the last {chosen.replay_seconds:.0f} s", replay.is_on)
    if keeps != replay.is_on:
        emit(ToggleOutput(REPLAY))
    imgui.end_popup()
    if chosen != recording:
        emit(SetRecording(chosen))


def _switched(label: str, is_on: bool) -> bool:
    is_on = widgets.switch(f"##{label}", is_on)
    imgui.same_line()
    imgui.align_text_to_frame_padding()
    widgets.text(label)
    return is_on


def _output(status: Status, name: str) -> OutputStatus:
    return next((output for output in status.outputs if output.name == name), OutputStatus())
