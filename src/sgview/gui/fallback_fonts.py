"""Fonts of the system for what the panel's own lack: Chinese, Japanese, Korean and other names.

They are large, and most users never need one: each is found when such a name first shows, on a
thread, and merged into the faces that are there. ImGui then draws single glyphs of it as they come.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from imgui_bundle import imgui

from sgview.closing import Closing
from sgview.gui import theme
from sgview.state.params import Params
from sgview.state.status import Status

Font = tuple[Path, int]  # a file, and which font of it
MOST_FONTS = 6  # that are merged; what no font has stays a box
PATIENCE = 20.0  # of fontconfig, which may have to read every font first [s]

_KANA, _HANGUL, _HAN = (0x3040, 0x30FF), (0xAC00, 0xD7A3), (0x2E80, 0x9FFF)
_WINDOWS = {
    _KANA: ("YuGothM.ttc", "meiryo.ttc", "msgothic.ttc"),
    _HANGUL: ("malgun.ttf", "gulim.ttc"),
    _HAN: ("msyh.ttc", "msyh.ttf", "simsun.ttc", "msjh.ttc"),
    (0, 0x10FFFF): ("segoeui.ttf", "seguisym.ttf", "LeelawUI.ttf", "Nirmala.ttc", "Nirmala.ttf"),
}
_MAC = {
    _KANA: ("ヒラギノ角ゴシック W3.ttc", "Supplemental/Arial Unicode.ttf"),
    _HANGUL: ("AppleSDGothicNeo.ttc", "Supplemental/Arial Unicode.ttf"),
    _HAN: ("PingFang.ttc", "Hiragino Sans GB.ttc", "STHeiti Light.ttc"),
    (0, 0x10FFFF): ("Supplemental/Arial Unicode.ttf", "Apple Symbols.ttf"),
}


class FallbackFonts(Closing):
    """Finds and merges them; one for each ImGui context.

    Args:
        find: returns fonts that may have a character, the likeliest first.
    """

    def __init__(self, find: Callable[[str], list[Font]] | None = None) -> None:
        self._find = find or system_fonts
        self._known: set[str] = set()  # characters that were looked for
        self._merged: set[Font] = set()
        self._thread: ThreadPoolExecutor | None = None
        self._search: tuple[str, Future[list[Font]]] | None = None

    def follow(self, texts: Iterable[str]) -> None:
        """Look for a font for what `texts` hold and no face has; not within a frame of ImGui."""
        if self._search is not None and self._search[1].done():
            (character, search), self._search = self._search, None
            self._merge(character, search.result())
        if self._search is not None or len(self._merged) >= MOST_FONTS:
            return
        character = next(filter(self._is_missing, _unusual(texts)), None)
        if character is not None:
            self._known.add(character)
            self._thread = self._thread or ThreadPoolExecutor(1, "sgview fonts")
            self._search = character, self._thread.submit(self._find, character)

    @property
    def is_searching(self) -> bool:
        """Whether a font is being looked for."""
        return self._search is not None

    def close(self) -> None:
        """Look for nothing any more."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def _is_missing(self, character: str) -> bool:
        if character in self._known:
            return False
        is_there = imgui.get_io().fonts.fonts[0].is_glyph_in_font(ord(character))
        if is_there:
            self._known.add(character)
        return not is_there

    def _merge(self, character: str, fonts: list[Font]) -> None:
        """Merge the first font that has the character into every face."""
        atlas = imgui.get_io().fonts
        for font in fonts:
            if font in self._merged:
                continue
            self._merged.add(font)
            for face in list(atlas.fonts):
                face.clear_output_data()  # it remembers which characters it has not
                part = imgui.ImFontConfig()
                part.merge_mode, part.dst_font, part.font_no = True, face, font[1]
                atlas.add_font_from_file_ttf(str(font[0]), theme.FONT_SIZE, part)
            if atlas.fonts[0].is_glyph_in_font(ord(character)):
                return


def texts_of(params: Params, status: Status) -> Iterator[str]:
    """Return the names and sentences from outside that the panel shows."""
    engine, player = status.engine, status.player
    for network in engine.networks.values():
        yield network.name
    yield from engine.unloaded.values()
    for load in engine.loading:
        yield load.path
    yield from status.recent
    for look in status.show.looks:
        yield look.name
        yield look.problem
    for notice in status.notices:
        yield notice.text
        yield notice.hint
    for slider in player.sliders:
        yield slider.name
    yield from params.bindings.values()
    yield from (edit.expression for edit in params.edits)
    yield from (player.script.path, player.script.error, player.osc.last)
    typed = imgui.get_io().input_queue_characters
    if typed:
        yield "".join(map(chr, typed))


def system_fonts(character: str) -> list[Font]:
    """Return fonts of the system that may have a character, the likeliest first."""
    if sys.platform == "win32":
        folders = [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"]
        return _known_fonts(character, _WINDOWS, folders)
    if sys.platform == "darwin":
        folders = [Path("/System/Library/Fonts"), Path("/Library/Fonts")]
        return _known_fonts(character, _MAC, folders)
    pattern = f":charset={ord(character):x}:scalable=true"
    command = ["fc-match", "--sort", "--format", "%{file}\t%{index}\n", pattern]
    try:
        found = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError, UnicodeError):
        return []
    lines = (line.partition("\t") for line in found.splitlines()[:1])
    return [
        (Path(name), int(index) & 0xFFFF if index.isdigit() else 0)
        for name, _, index in lines
        if name.lower().endswith((".ttf", ".ttc", ".otf")) and Path(name).is_file()
    ]


def _known_fonts(
    character: str, table: dict[tuple[int, int], tuple[str, ...]], folders: list[Path]
) -> list[Font]:
    names = (
        name
        for (first, last), files in table.items()
        if first <= ord(character) <= last
        for name in files
    )
    files = (folder / name for name in names for folder in folders)
    return [(file, 0) for file in files if file.is_file()]


def _unusual(texts: Iterable[str]) -> Iterator[str]:
    """Return the characters of `texts` that are not ASCII, lone surrogates left out."""
    for text in texts:
        if not text.isascii():
            yield from (c for c in text if not c.isascii() and not "\ud800" <= c <= "\udfff")
