"""The keys: one table that both acts and fills the F1 sheet.

Every keyboard layout shall have them. Letters are those of the layout, as ImGui names them. What
layouts have in different places, or behind AltGr, is heard by the character that is typed, such as
"[". The number row is its place, whatever it types without Shift: "&" to "à" on a French one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui.emit import Emit
from sgview.state import commands
from sgview.state.commands import Command
from sgview.state.journeys import step_seed
from sgview.state.networks import IMAGE, show_layer, step_layer
from sgview.state.output_frame import CLEAN_WINDOW
from sgview.state.params import Params
from sgview.state.recording import RECORDER
from sgview.state.status import Status

Action = Callable[[Params, Status, Emit], Params]
NumberRow = Callable[[], str]
_K = imgui.Key
_CTRL, _SHIFT = int(_K.mod_ctrl), int(_K.mod_shift)
_MODS = int(_K.mod_mask_)
_NUMBERS = {int(getattr(_K, f"_{number}")): number for number in range(10)}
_PUNCTUATION = {  # that ImGui takes for keys of their own: a number row may have them
    "`": _K.grave_accent,
    "-": _K.minus,
    "=": _K.equal,
    "\\": _K.backslash,
    ";": _K.semicolon,
    "'": _K.apostrophe,
    "/": _K.slash,
}
_BLEND_CYCLE = {"mix": "a", "a": "b", "b": "mix"}


@dataclass(frozen=True)
class Hotkey:
    """One action and the keys that start it."""

    section: str
    keys: tuple[str, ...]  # as printed on the sheet; (): the line before stands for it too
    chords: tuple[int, ...]  # ImGui key chords
    text: str
    action: Action
    is_repeating: bool = False  # acts again while the key is held
    characters: str = ""  # any of them acts when it is typed


def _emits(command: Command) -> Action:
    def act(params: Params, status: Status, emit: Emit) -> Params:
        emit(command)
        return params

    return act


def _changes(change: Callable[[Params, Status], Params]) -> Action:
    return lambda params, status, emit: change(params, status)


def _calls(function: Callable[[], None]) -> Action:
    def act(params: Params, status: Status, emit: Emit) -> Params:
        function()
        return params

    return act


def _flip(params: Params, axis: str) -> Params:
    field = f"flip_{axis}"
    view = replace(params.view, **{field: not getattr(params.view, field)})
    return replace(params, view=view)


def _switches(name: str) -> Action:
    """Return what turns a switch of `Stage` on or off."""

    def switch(params: Params, status: Status) -> Params:
        changed = {name: not getattr(params.stage, name)}
        return replace(params, stage=replace(params.stage, **changed))

    return _changes(switch)


def _paste_address(params: Params, status: Status, emit: Emit) -> Params:
    """Open the network at an address that was copied; all other text is left alone."""
    text = imgui.get_clipboard_text().strip()
    if text.lower().startswith(("https://", "http://")):
        emit(commands.AskDownload("a", text))
    return params


def _cycle_blend(params: Params, status: Status) -> Params:
    source = _BLEND_CYCLE[params.blend.source]
    return replace(params, blend=replace(params.blend, source=source))


def hotkeys(
    toggle_sheet: Callable[[], None],
    toggle_performance: Callable[[], None],
    toggle_outputs: Callable[[], None],
    throw_dice: Action,
) -> tuple[Hotkey, ...]:
    """All keys; the first arguments show or hide the sheet of keys, performance and outputs.

    These and the dice are the GUI's own, everything else is parameters or commands.
    """
    show_sheet, show_performance = _calls(toggle_sheet), _calls(toggle_performance)
    show_outputs = _calls(toggle_outputs)
    up = _changes(lambda params, status: step_layer(params, status.engine.networks, 1))
    down = _changes(lambda params, status: step_layer(params, status.engine.networks, -1))
    image = _changes(lambda params, status: show_layer(params, IMAGE))
    reset_edits = _emits(commands.RemoveEdits())
    flip_x = _changes(lambda params, status: _flip(params, "horizontal"))
    flip_y = _changes(lambda params, status: _flip(params, "vertical"))
    forth = _changes(lambda params, status: step_seed(params, 1))
    back_a_seed = _changes(lambda params, status: step_seed(params, -1))
    downs, ups = (int(_K.page_down),), (int(_K.page_up),)
    back, step = _emits(commands.Step(-1)), _emits(commands.Step(1))
    put_back = _emits(commands.PutWindowsBack())
    digits = (int(_K._0), int(_K.keypad0))
    hides = (int(_K.h), int(_K.tab))
    clean_window = _emits(commands.ToggleOutput(CLEAN_WINDOW))
    hold = (_SHIFT | int(_K.z),)
    film = _emits(commands.ToggleOutput(RECORDER))
    replay = _emits(commands.SaveReplay())
    record = (_CTRL | int(_K.r),)
    undo = (_CTRL | int(_K.z),)
    redo = (_CTRL | _SHIFT | int(_K.z), _CTRL | int(_K.y))
    return (
        Hotkey("Network", ("[", "PgDn"), downs, "Layer down", down, True, "["),
        Hotkey("Network", ("]", "PgUp"), ups, "Layer up", up, True, "]"),
        Hotkey("Network", ("0",), digits, "Image", image),
        Hotkey(
            "Network", ("Ctrl+V",), (_CTRL | int(_K.v),), "Open a copied address", _paste_address
        ),
        Hotkey("Network", ("B",), (int(_K.b),), "Play the mix, A, or B", _changes(_cycle_blend)),
        # Away from T, which a hand without light taps the beat with.
        Hotkey("Network", ("Ctrl+E",), (_CTRL | int(_K.e),), "Remove all edits", reset_edits),
        Hotkey("Travel", ("←",), (int(_K.left_arrow),), "Previous seed", back_a_seed, True),
        Hotkey("Travel", ("→",), (int(_K.right_arrow),), "Next seed", forth, True),
        Hotkey("Travel", ("D",), (int(_K.d),), "Throw the dice", throw_dice),
        Hotkey("Time", ("Space",), (int(_K.space),), "Pause", _emits(commands.TogglePause())),
        Hotkey("Time", (",",), (), "Step back", back, True, ","),
        Hotkey("Time", (".",), (), "Step", step, True, "."),
        Hotkey("Time", ("Home",), (int(_K.home),), "Rewind", _emits(commands.Rewind())),
        Hotkey("Time", ("T",), (int(_K.t),), "Tap the beat", _emits(commands.TapTempo())),
        Hotkey("Time", ("Ctrl+R",), record, "Record a take", _emits(commands.ToggleTake())),
        Hotkey("Picture", ("F9",), (int(_K.f9),), "Record what plays", film),
        Hotkey("Picture", ("F10",), (int(_K.f10),), "Save what just played", replay),
        Hotkey("Picture", ("X",), (int(_K.x),), "Flip horizontally", flip_x),
        Hotkey("Picture", ("Y",), (int(_K.y),), "Flip vertically", flip_y),
        Hotkey("Picture", ("S",), (int(_K.s),), "Save a PNG", _emits(commands.SaveSnapshot())),
        Hotkey("Window", ("F",), (int(_K.f),), "Fullscreen", _emits(commands.ToggleFullscreen())),
        Hotkey("Window", ("H", "Tab"), hides, "Hide the panels", _emits(commands.ToggleGui())),
        Hotkey("Window", ("Ctrl+H",), (_CTRL | int(_K.h),), "Put the windows back", put_back),
        Hotkey("Window", ("P",), (int(_K.p),), "Performance", show_performance),
        Hotkey("Window", ("O",), (int(_K.o),), "Outputs", show_outputs),
        Hotkey("Window", ("F1",), (int(_K.f1),), "This sheet", show_sheet),
        Hotkey("Audience", ("W",), (int(_K.w),), "Clean window", clean_window),
        Hotkey("Audience", ("K",), (int(_K.k),), "Blackout", _switches("blackout")),
        Hotkey("Audience", ("Z",), (int(_K.z),), "Freeze", _switches("freeze")),
        Hotkey("Audience", ("Shift+Z",), hold, "Hold last", _switches("hold")),
        Hotkey("Preset", ("Ctrl+S",), (_CTRL | int(_K.s),), "Save", _emits(commands.NamePreset())),
        Hotkey(
            "Preset", ("Ctrl+O",), (_CTRL | int(_K.o),), "Open", _emits(commands.ChoosePreset())
        ),
        *_recalls(),
        Hotkey("Preset", ("L",), (int(_K.l),), "Save a look", _emits(commands.SaveLook())),
        Hotkey("Preset", ("Ctrl+Z",), undo, "Undo", _emits(commands.Undo()), True),
        Hotkey("Preset", ("Ctrl+Shift+Z",), redo, "Redo", _emits(commands.Redo()), True),
    )


def _recalls() -> Iterator[Hotkey]:
    """The number keys, one line of the sheet for all."""
    for number in range(1, 10):
        keys = (getattr(_K, f"_{number}"), getattr(_K, f"keypad{number}"))
        chords = tuple(int(key) for key in keys)
        shown = ("1", "…", "9") if number == 1 else ()
        recall = _emits(commands.RecallLook(key=number))
        yield Hotkey("Preset", shown, chords, "Recall a look", recall)


def run(
    table: tuple[Hotkey, ...],
    params: Params,
    status: Status,
    emit: Emit,
    number_row: NumberRow = lambda: "1234567890",
) -> Params:
    """Act on the keys pressed in this frame, unless the user is typing into a text field.

    Args:
        table: the keys.
        params, status, emit: as panels take them.
        number_row: returns what the keys 1 to 9 and 0 of the number row type without Shift, a
            character each, a space where it is not known.
    """
    if imgui.get_io().want_text_input:
        return params
    typed = [chr(code) for code in imgui.get_io().input_queue_characters]
    held = _held_mods()
    numbers = _numbers_pressed(number_row)
    for hotkey in table:
        if any(character in hotkey.characters for character in typed):
            params = hotkey.action(params, status, emit)
            continue
        for chord in hotkey.chords:
            if chord & _MODS != held:
                continue
            if chord in numbers or _is_pressed(chord, hotkey.is_repeating):
                params = hotkey.action(params, status, emit)
                break
    return params


def _numbers_pressed(number_row: NumberRow) -> set[int]:
    """Return the number keys that went down in this frame and that ImGui calls otherwise."""
    pressed = [text for text, key in _PUNCTUATION.items() if imgui.is_key_pressed(key, False)]
    row = number_row() if pressed else ""
    places = {row.find(text) for text in pressed} - {-1}
    return {key for key, number in _NUMBERS.items() if (number - 1) % 10 in places}


def _is_pressed(chord: int, is_repeating: bool) -> bool:
    """True in the frame in which the key of `chord` goes down (or repeats)."""
    return imgui.is_key_pressed(imgui.Key(chord & ~_MODS), is_repeating)


def _held_mods() -> int:
    """The modifiers that are held; one released within this frame counts too."""
    held = imgui.get_io().key_mods
    for mod in (_K.mod_ctrl, _K.mod_shift, _K.mod_alt, _K.mod_super):
        if imgui.is_key_released(mod):
            held |= int(mod)
    return held
