"""What the instrument hears, and the beat."""

from __future__ import annotations

import math
from pathlib import Path

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import icons, rows, widgets
from sgview.gui.panels import Emit
from sgview.state.commands import ChooseSound, SetSound, SetTempo, TapTempo
from sgview.state.params import Params
from sgview.state.sound import Sound
from sgview.state.status import SoundStatus, Status, TempoStatus

_SOURCES = (("off", "Off"), ("input", "Input"), ("file", "File"))
_SOURCE_HELP = (
    "Hear nothing.",
    "A microphone or line of this machine.",
    "A file, at the time of the picture: it renders alike every time.",
)
_DEFAULT = Sound()
_LEVELS = ("low", "mid", "high", "rms", "onset")


def draw_sound(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the section of the sound and that of the tempo."""
    if widgets.section("Sound", is_open=status.player.sound.sound.source != "off"):
        sound = _draw_source(status.player.sound, emit)
        if sound.source != "off":
            _draw_spectrum(status.player.sound)
            sound = _draw_settings(sound)
        if sound != status.player.sound.sound:
            emit(SetSound(sound))
        imgui.spacing()
    if widgets.section("Tempo", note=f"{status.player.tempo.bpm:.1f}"):
        _draw_tempo(status.player.tempo, emit)
        imgui.spacing()
    return params


def _draw_source(status: SoundStatus, emit: Emit) -> Sound:
    sound = status.sound
    source = rows.choice(
        "Source", sound.source, "off", _SOURCES, 'audio("low") in expressions.', _SOURCE_HELP
    )
    if source == "file" and sound.source != "file" and not sound.file:
        emit(ChooseSound())
    sound = replace(sound, source=source)
    if source == "input":
        names = [(name, name) for name in status.devices]
        device = rows.combo("Input", sound.device, "", [("", "System's choice"), *names])
        sound = replace(sound, device=device)
    elif source == "file":
        rows.label("File")
        name = Path(sound.file).name if sound.file else "Choose a file…"
        width = rows.room()
        if imgui.button(f"{widgets.elided(name, width)}##sound file", imgui.ImVec2(width, 0.0)):
            emit(ChooseSound())
        widgets.tooltip(sound.file)
    if status.reason:
        widgets.paragraph(f"{icons.WARNING}  {status.reason}", theme.WARNING)
    elif status.is_loading:
        widgets.paragraph("Listening to the whole file …")
    return sound


def _draw_settings(sound: Sound) -> Sound:
    return replace(
        sound,
        gain_db=rows.number(
            "Gain", sound.gain_db, 0.0, -40.0, 40.0, minimum=-60.0, maximum=60.0, digits=1,
            unit=" dB",
        ),
        attack=rows.number(
            "Attack", sound.attack, _DEFAULT.attack, 0.0, 0.5, minimum=0.0, maximum=10.0,
            unit=" s", help="In which levels rise.",
        ),
        release=rows.number(
            "Release", sound.release, _DEFAULT.release, 0.0, 2.0, minimum=0.0, maximum=10.0,
            unit=" s", help="In which levels fall.",
        ),
        low_below=rows.number(
            "Low below", sound.low_below, _DEFAULT.low_below, 40.0, 1000.0, minimum=1.0,
            maximum=100_000.0, digits=0, unit=" Hz",
        ),
        high_above=rows.number(
            "High above", sound.high_above, _DEFAULT.high_above, 500.0, 12_000.0, minimum=1.0,
            maximum=100_000.0, digits=0, unit=" Hz",
        ),
    )  # fmt: skip


def _draw_spectrum(status: SoundStatus) -> None:
    """The bands as bars, and beside them the five levels that expressions name."""
    height, room = theme.px(theme.SPECTRUM_HEIGHT), imgui.get_content_region_avail().x
    gap = theme.px(theme.GAP)
    corner = imgui.get_cursor_screen_pos()
    imgui.dummy(imgui.ImVec2(room, height + imgui.get_font_size() + theme.px(theme.GAP_TINY)))
    draw = imgui.get_window_draw_list()
    column = theme.px(theme.LEVEL_COLUMN)
    width = room - gap - column * len(_LEVELS)
    draw.add_rect_filled(
        corner,
        (corner.x + width, corner.y + height),
        theme.u32(theme.FIELD),
        theme.px(theme.ROUNDING),
    )
    bands = status.bands or (0.0,) * 24
    each = width / len(bands)
    for index, level in enumerate(bands):
        left = corner.x + index * each
        _draw_bar(left + 1.0, corner.y, each - 1.0, height, level, theme.ACCENT)
    theme.push_face("text", theme.SMALL)
    for index, name in enumerate(_LEVELS):
        left = corner.x + width + gap + index * column
        inner = column - theme.px(theme.GAP_SMALL)
        draw.add_rect_filled(
            (left, corner.y), (left + inner, corner.y + height), theme.u32(theme.FIELD), 1.0
        )
        colour = theme.WARNING if name == "onset" else theme.ACCENT
        _draw_bar(left, corner.y, inner, height, status.levels.get(name, 0.0), colour)
        size = imgui.calc_text_size(name)
        at = (left + (inner - size.x) / 2, corner.y + height + theme.px(theme.GAP_TINY))
        draw.add_text(at, theme.u32(theme.TEXT_DIM), name)
    imgui.pop_font()


def _draw_bar(
    left: float, top: float, width: float, height: float, level: float, colour: theme.Rgba
) -> None:
    """A bar from the foot; beyond full scale its head is lit."""
    draw = imgui.get_window_draw_list()
    share = min(max(level, 0.0), 1.0)
    foot, head = top + height, top + height * (1.0 - share)
    if share > 0.0:
        draw.add_rect_filled(
            (left, head), (left + width, foot), theme.u32(theme.faded(colour, 0.6))
        )
        line = min(head + 2.0, foot)
        draw.add_rect_filled((left, head), (left + width, line), theme.u32(colour))
    if level > 1.0:
        end = (left + width, top + 2.0)
        draw.add_rect_filled((left, top), end, theme.u32(theme.ERROR))


def _draw_tempo(tempo: TempoStatus, emit: Emit) -> None:
    is_following = rows.toggle(
        "Follow sound", tempo.is_following, help="Take tempo and beat from what is heard."
    )
    bpm = rows.number(
        "Beats a minute", tempo.bpm, 120.0, 60.0, 200.0, minimum=20.0, maximum=400.0, digits=1,
        help="beat, bar and bpm in expressions.",
    )  # fmt: skip
    if bpm != tempo.bpm:
        emit(SetTempo(bpm))
    elif is_following != tempo.is_following:
        emit(SetTempo(tempo.bpm, is_following))
    heard = f"{tempo.heard_bpm:.1f}" if tempo.heard_bpm else "No steady beat"
    if is_following or tempo.heard_bpm:
        rows.read_out("Heard", heard)
    rows.label("Beat")
    width = rows.room()
    tap = theme.px(theme.TAP_WIDTH)
    if imgui.button("Tap##tempo", imgui.ImVec2(tap, 0.0)):
        emit(TapTempo())
    widgets.tooltip("Tap on every beat  (T)", "The first tap of a row begins a bar.")
    imgui.same_line()
    _draw_beats(tempo, width - tap - imgui.get_style().item_spacing.x)


def _draw_beats(tempo: TempoStatus, width: float) -> None:
    """A field for each beat of the bar; the one that sounds flashes and fades."""
    corner, height = imgui.get_cursor_screen_pos(), imgui.get_frame_height()
    imgui.dummy(imgui.ImVec2(width, height))
    draw = imgui.get_window_draw_list()
    gap, count = theme.px(theme.GAP_TINY), tempo.beats_per_bar
    each = (width - gap * (count - 1)) / count
    now = math.floor(tempo.beat) % count
    fade = 1.0 - (tempo.beat - math.floor(tempo.beat))
    for index in range(count):
        left = corner.x + index * (each + gap)
        end = (left + each, corner.y + height)
        rounding = theme.px(theme.ROUNDING)
        draw.add_rect_filled((left, corner.y), end, theme.u32(theme.FIELD), rounding)
        if index == now:
            colour = theme.faded(theme.ACCENT, 0.25 + 0.75 * fade * fade)
            draw.add_rect_filled((left, corner.y), end, theme.u32(colour), rounding)
