"""The keys: one table that both acts and fills the F1 sheet."""

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
from sgview.state.params import Params
from sgview.state.status import Status

Action = Callable[[Params, Status, Emit], Params]
_K = imgui.Key
_CTRL, _SHIFT = int(_K.mod_ctrl), int(_K.mod_shift)
_MODS = int(_K.mod_mask_)
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
    back = _changes(lambda params, status: step_seed(params, -1))
    downs = (int(_K.left_bracket), int(_K.page_down))
    ups = (int(_K.right_bracket), int(_K.page_up))
    digits = (int(_K._0), int(_K.keypad0))
    hides = (int(_K.h), int(_K.tab))
    record = (_CTRL | int(_K.r),)
    undo = (_CTRL | int(_K.z),)
    redo = (_CTRL | _SHIFT | int(_K.z), _CTRL | int(_K.y))
    return (
        Hotkey("Network", ("[", "PgDn"), downs, "Layer down", down, True),
        Hotkey("Network", ("]", "PgUp"), ups, "Layer up", up, True),
        Hotkey("Network", ("0",), digits, "Image", image),
        Hotkey("Network", ("B",), (int(_K.b),), "Play the mix, A, or B", _changes(_cycle_blend)),
        # Away from T, which a hand without light taps the beat with.
        Hotkey("Network", ("Ctrl+E",), (_CTRL | int(_K.e),), "Remove all edits", reset_edits),
        Hotkey("Travel", ("←",), (int(_K.left_arrow),), "Previous seed", back, True),
        Hotkey("Travel", ("→",), (int(_K.right_arrow),), "Next seed", forth, True),
        Hotkey("Travel", ("D",), (int(_K.d),), "Throw the dice", throw_dice),
        Hotkey("Time", ("Space",), (int(_K.space),), "Pause", _emits(commands.TogglePause())),
        Hotkey("Time", (",",), (int(_K.comma),), "Step back", _emits(commands.Step(-1)), True),
        Hotkey("Time", (".",), (int(_K.period),), "Step", _emits(commands.Step(1)), True),
        Hotkey("Time", ("Home",), (int(_K.home),), "Rewind", _emits(commands.Rewind())),
        Hotkey("Time", ("T",), (int(_K.t),), "Tap the beat", _emits(commands.TapTempo())),
        Hotkey("Time", ("Ctrl+R",), record, "Record a take", _emits(commands.ToggleTake())),
        Hotkey("Picture", ("X",), (int(_K.x),), "Flip horizontally", flip_x),
        Hotkey("Picture", ("Y",), (int(_K.y),), "Flip vertically", flip_y),
        Hotkey("Picture", ("S",), (int(_K.s),), "Save a PNG", _emits(commands.SaveSnapshot())),
        Hotkey("Window", ("F",), (int(_K.f),), "Fullscreen", _emits(commands.ToggleFullscreen())),
        Hotkey("Window", ("H", "Tab"), hides, "Hide the panels", _emits(commands.ToggleGui())),
        Hotkey("Window", ("P",), (int(_K.p),), "Performance", show_performance),
        Hotkey("Window", ("O",), (int(_K.o),), "Outputs", show_outputs),
        Hotkey("Window", ("F1",), (int(_K.f1),), "This sheet", show_sheet),
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


def run(table: tuple[Hotkey, ...], params: Params, status: Status, emit: Emit) -> Params:
    """Act on the keys pressed in this frame, unless the user is typing into a text field."""
    if imgui.get_io().want_text_input:
        return params
    held = _held_mods()
    for hotkey in table:
        for chord in hotkey.chords:
            if chord & _MODS == held and _is_pressed(chord, hotkey.is_repeating):
                params = hotkey.action(params, status, emit)
                break
    return params


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
