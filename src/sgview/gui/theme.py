"""Colours, sizes and fonts of what this program draws; those of ImGui's own are in `style`.

Sizes are in em, the height of the text font, so that one scale factor moves everything: turn them
into pixels with `px`. Colours are neutral greys, one accent, and two signals (warning, error).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import imgui_bundle
from imgui_bundle import imgui

from sgview.state.machine import MemoryOwner, Stage
from sgview.state.status import SignalSource

Rgba = tuple[float, float, float, float]


def grey(level: int, blue: int = 2) -> Rgba:
    """Return a neutral grey of `level` [0..255], with a little more `blue`."""
    return (level / 255, level / 255, min(level + blue, 255) / 255, 1.0)


def _rgb(code: int, alpha: float = 1.0) -> Rgba:
    return ((code >> 16) / 255, (code >> 8 & 255) / 255, (code & 255) / 255, alpha)


def faded(colour: Rgba, alpha: float) -> Rgba:
    """`colour` with its opacity multiplied by `alpha` [0..1]."""
    return (*colour[:3], colour[3] * alpha)


BAR = grey(20)  # status line, tab bars
PANEL = grey(29)
HEADER = grey(38)
CARD = grey(36)  # a slot, an edit: something that holds controls
FIELD = grey(46)  # what can be dragged or typed into
FIELD_HOVERED = grey(56)
FIELD_ACTIVE = grey(64)
POPUP = grey(34)
LINE = grey(14)
LINE_LIGHT = grey(54)
TEXT = grey(222)
TEXT_DIM = grey(154, 5)
TEXT_FAINT = grey(104, 5)
ACCENT = _rgb(0x5AA9E6)
ACCENT_STRONG = _rgb(0x2F79B5)  # selected segments, behind light text
ACCENT_FILL = _rgb(0x2F5170)  # the filled part of a value bar
ACCENT_FILL_HOVERED = _rgb(0x3A6388)
ON_ACCENT = _rgb(0xFFFFFF)
WARNING = _rgb(0xE3B25A)
ERROR = _rgb(0xEA7266)
RECORD = _rgb(0xFF4438)  # while something is recorded
RECORD_OFF = _rgb(0xB5504A)  # the red button at rest
SOURCES: dict[SignalSource, Rgba] = {  # of what moves a value
    "expression": _rgb(0x62C4A8),
    "slider": _rgb(0x6FD3E8),
    "mouse": _rgb(0xC9C06A),
    "audio": _rgb(0x8FCB5B),
    "osc": _rgb(0xB191F0),
    "midi": _rgb(0xE77FB6),
}
STAGES: dict[str, Rgba] = {  # of a frame, in the order they are stacked
    Stage.LATENTS: _rgb(0xB191F0),
    Stage.WEIGHTS: _rgb(0xE77FB6),
    Stage.MAPPING: _rgb(0x62C4A8),
    Stage.SYNTHESIS: ACCENT,
    Stage.GRAPH: ACCENT,
    Stage.PICTURE: _rgb(0x8FCB5B),
    Stage.UPLOAD: _rgb(0xC9C06A),
    Stage.DRAW: _rgb(0xE3A45A),
    Stage.PANELS: _rgb(0xC98A6B),
}
OWNERS: dict[str, Rgba] = {  # of memory; others have greys
    MemoryOwner.NETWORK_A: ACCENT,
    MemoryOwner.NETWORK_B: _rgb(0x62C4A8),
    MemoryOwner.LIVE: _rgb(0xB191F0),
    MemoryOwner.PREPARED: _rgb(0xE77FB6),
    MemoryOwner.PICTURES: _rgb(0x8FCB5B),
}
REGIONS = (ACCENT, _rgb(0xE3A45A), _rgb(0xB191F0))  # of the second, third and fourth latent
OTHER_OWNERS = (grey(130, 5), grey(104, 5), grey(82, 5))
SHADE = (0.0, 0.0, 0.0, 0.62)  # behind a sheet that covers the picture
OVER_PICTURE = _rgb(0x151517, 0.92)  # behind text that lies on the picture
CODE_LIGHT, CODE_DARK = _rgb(0xFFFFFF), _rgb(0x000000)  # of a QR code, as cameras read it
HOVER_VEIL = (1.0, 1.0, 1.0, 0.05)
ACTIVE_VEIL = (1.0, 1.0, 1.0, 0.09)
WITHOUT_EFFECT = 0.5  # opacity of controls that change nothing now
CLEAR: Rgba = (0.0, 0.0, 0.0, 0.0)

FONT_SIZE = 15.0  # [px at scale 1]
SMALL = 0.75  # arrows, relative to text
LARGE = 1.5
HUGE = 2.6

GAP_TINY = 0.35
GAP_SMALL = 0.5
GAP = 0.8
GAP_LARGE = 1.3
HAIRLINE = 0.1
BAR_LINE = 0.13  # the bright line under a value bar
STRIPE = 0.2
ROUNDING = 0.2

TAB_SHARE = 0.6  # of the usual room around a word, around that of a tab
PANEL_WIDTH = 25.4  # the dock on the right, 381 px at scale 1
PANEL_SHARE = 0.62  # ... but never more of the window than this
NETWORKS_HEIGHT = 10.2  # the node of the two slots
NETWORKS_SHARE = 0.45
LABEL_WIDTH = 7.6  # left column of a row
LABEL_SHARE = 0.42  # ... but never more of the panel than this
HEADER_HEIGHT = 1.75
ARROW_COLUMN = 1.3  # in headers and drop-down lists
SIGN_COLUMN = 1.6  # a small sign at the end of a row
DOT_COLUMN = 1.15  # the dot that binds, at the end of a row
DOT = 0.26  # its radius
HANDLE = 0.62  # radius of what a mask is held by
FUNCTION_ROWS = 9  # of the list in the binding editor
FUNCTION_COLUMN = 0.48  # share of its width that what is written takes
CODE_SIZE = 12.0  # of a QR code at most
EDITOR_WIDTH = 30.0
EDITOR_DISTANCE = 3.0  # from the mouse that opens it
SHORTEST_NAME = 3.0
SHORTEST_FIELD = 7.0
TOOLTIP_WIDTH = 24.0
NAME_WIDTH = 13.0  # of a tooltip that is only a name, at most

STRIP_HEIGHT = 4.6  # latent plot
LIST_ROWS = 8  # rows of the layer list at least
LIST_REST = 27.0  # what the layer list leaves for the sections below it
SIZE_COLUMN = 6.2
CHANNELS_COLUMN = 4.0
BLEND_LABEL_WIDTH = 4.6

VISIT = 3.2  # of a thumbnail of the strip of seeds at least
PAD_HEIGHT = 9.0  # the map of the plane
TIME_LINE = 2.2  # of a path
CELL_HEIGHT = 3.2  # of the row of cells that amounts are painted on
GLANCE = 8.0  # side of a picture of a direction
MENU_WIDTH = 12.0
LATENT_WIDTH = 5.0  # of a thumbnail of the library at least
IDLE = 0.45  # alpha of what does nothing as things are set
LOOK_WIDTH = 6.4  # of a thumbnail at least
LOOK_MENU = 15.0
KEY_BADGE = 1.25
SPECTRUM_HEIGHT = 4.2
LEVEL_COLUMN = 2.3
TAP_WIDTH = 4.0
HISTORY_WIDTH = 15.0
RECORDING_WIDTH = 26.0
RECORDING_NOTES = 10.0  # where the second column begins

PERFORMANCE_WIDTH = 23.0  # the dock on the left
PERFORMANCE_SHARE = 0.3  # ... but never more of the window than this
RATE_GRAPH_HEIGHT = 5.6
STAGE_GRAPH_HEIGHT = 8.4
SWATCH = 0.6  # the square of a legend
FIGURE_COLUMN = 4.6  # a number of the tables below the graphs
FIGURE_SHARE = 0.24  # ... but never more of the panel than this
STACK_HEIGHT = 1.0  # the bar of the memory
STEP_ROWS = 12  # steps of a network in sight
CURVE = 0.12  # thickness of a curve

STATUS_HEIGHT = 2.2
STATUS_TOOLS_FROM = 55.0  # width of the window from which the bar also holds tools
SPEED_WIDTH = 6.5
POPUP_WIDTH = 31.0
POPUP_ROWS = 14
POPUP_SHARE = 0.6  # of the window's height
PROMPT_WIDTH = 36.0
SHEET_COLUMN = 19.0
SHEET_KEYS = 8.4  # width of the key caps in it
SHEET_GUTTER = 2.5
SHEET_MARGIN = 6.0
TOAST_WIDTH = 27.0
TOAST_NARROWEST = 14.0
TOASTS_SHOWN = 4
SMALLEST_PICTURE = 5.0  # below, nothing is written on it

Face = Literal["text", "strong", "mono"]
_FACES: tuple[Face, ...] = ("text", "strong", "mono")


def px(em: float) -> float:
    """`em` in pixels at the present scale."""
    return em * imgui.get_font_size()


def u32(colour: Rgba) -> int:
    """`colour` as the packed integer that draw lists take."""
    return imgui.get_color_u32(colour)


def push_face(face: Face, size: float = 1.0) -> None:
    """Write in `face`, `size` times as large as text; undo with `imgui.pop_font`."""
    fonts = imgui.get_io().fonts.fonts
    index = min(_FACES.index(face), len(fonts) - 1)
    imgui.push_font(fonts[index], FONT_SIZE * size)


def load_fonts(atlas: imgui.ImFontAtlas) -> None:
    """Load the faces in the order of `_FACES`, each with the icons merged in.

    The files come with imgui-bundle; where its package lacks them, ImGui's own font is used.
    """
    folder = Path(imgui_bundle.__file__).parent / "assets" / "fonts"
    icons = folder / "Font_Awesome_6_Free-Solid-900.otf"
    names = ("Roboto/Roboto-Regular.ttf", "Roboto/Roboto-Bold.ttf", "Inconsolata-Medium.ttf")
    for name in names:
        path = folder / name
        if not path.is_file():
            atlas.add_font_default()
        else:
            atlas.add_font_from_file_ttf(str(path), FONT_SIZE)
        if icons.is_file():
            merged = imgui.ImFontConfig()
            merged.merge_mode = True
            merged.glyph_min_advance_x = FONT_SIZE * 1.1
            merged.glyph_offset = imgui.ImVec2(0.0, 0.5)
            merged.extra_size_scale = 0.8
            atlas.add_font_from_file_ttf(str(icons), FONT_SIZE, merged)
