"""Keys of the user's own, from the settings: an action as the F1 sheet calls it, and its key."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace

from imgui_bundle import imgui

from sgview.gui.hotkeys import Hotkey
from sgview.state.text import drawable

_K = imgui.Key
_MODS = {"ctrl": int(_K.mod_ctrl), "shift": int(_K.mod_shift), "alt": int(_K.mod_alt)}
_NAMED = {
    "space": _K.space,
    "tab": _K.tab,
    "enter": _K.enter,
    "backspace": _K.backspace,
    "insert": _K.insert,
    "delete": _K.delete,
    "home": _K.home,
    "end": _K.end,
    "pgup": _K.page_up,
    "pgdn": _K.page_down,
    "left": _K.left_arrow,
    "right": _K.right_arrow,
    "up": _K.up_arrow,
    "down": _K.down_arrow,
    **{f"f{number}": getattr(_K, f"f{number}") for number in range(1, 13)},
    **{letter: getattr(_K, letter) for letter in "abcdefghijklmnopqrstuvwxyz"},
    **{digit: getattr(_K, f"_{digit}") for digit in "0123456789"},
}


def with_own_keys(
    table: tuple[Hotkey, ...], own: Mapping[str, str]
) -> tuple[tuple[Hotkey, ...], list[str]]:
    """Return the table with the user's own keys, and a sentence for each that cannot be.

    A key that was another action's is that one's no more.

    Args:
        table: all keys.
        own: keys such as "Ctrl+L", "F5", "PgUp" or "[" by the text of their action; "": none.
    """
    problems: list[str] = []
    names = {hotkey.text.casefold(): hotkey.text for hotkey in table if hotkey.keys}
    for wanted, key in own.items():
        text = names.get(wanted.casefold())
        parsed = _parsed(key) if key else ((), "")
        if text is None or text == "Recall a look":
            near = difflib.get_close_matches(wanted, names.values(), n=1)
            advice = f" Did you mean \u201c{near[0]}\u201d?" if near else ""
            problems.append(f"No key does \u201c{drawable(wanted)[:60]}\u201d.{advice}")
        elif parsed is None:
            problems.append(f"\u201c{drawable(key)[:60]}\u201d is no key.")
        else:
            table = tuple(_rekeyed(hotkey, text, key, *parsed) for hotkey in table)
    return table, problems


def _rekeyed(
    hotkey: Hotkey, text: str, key: str, chords: tuple[int, ...], characters: str
) -> Hotkey:
    """Return a line with its new key, or without that key where it is another's now."""
    if hotkey.text == text:
        keys = (key,) if key else ("\u2013",)
        return replace(hotkey, keys=keys, chords=chords, characters=characters)
    left = tuple(chord for chord in hotkey.chords if chord not in chords)
    typed = "".join(c for c in hotkey.characters if c not in characters)
    if (left, typed) == (hotkey.chords, hotkey.characters):
        return hotkey
    shown = tuple(name for name in hotkey.keys if name.casefold() != key.casefold())
    keys = (shown or ("\u2013",)) if hotkey.keys else ()
    return replace(hotkey, keys=keys, chords=left, characters=typed)


def _parsed(key: str) -> tuple[tuple[int, ...], str] | None:
    """Return the chords and characters of a key, None if it is none."""
    *mods, name = key.split("+") if key != "+" else ["+"]
    named = _NAMED.get(name.strip().casefold())
    if any(mod.strip().casefold() not in _MODS for mod in mods):
        return None
    if named is not None:
        chord = int(named)
        for mod in mods:
            chord |= _MODS[mod.strip().casefold()]
        return (chord,), ""
    is_character = len(name) == 1 and name.isprintable() and not mods
    return ((), name) if is_character else None
