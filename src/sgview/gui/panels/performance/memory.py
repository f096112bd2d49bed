"""Who holds the memory that pictures are made in."""

from __future__ import annotations

import itertools

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import graphs, widgets
from sgview.gui.panels import Emit
from sgview.state.machine import MemoryOwner, MemoryShare, MemoryStatus
from sgview.state.params import Params
from sgview.state.status import Status

_HELP = {
    MemoryOwner.LIVE: "What plays: blends and edits are written here.",
    MemoryOwner.PREPARED: "What the fast path derives from the weights, and its pictures"
    " between two layers.",
    MemoryOwner.KEPT_FREE: "Was used and is held for later, CUDA graphs included.",
    MemoryOwner.OUTSIDE: "CUDA itself, kernels, OpenGL, the screen, and other programs.",
    MemoryOwner.PROGRAM: "Python, torch, the window.",
}
_NETWORKS = (MemoryOwner.NETWORK_A, MemoryOwner.NETWORK_B)
_PRISTINE = "As it came from its file: never written, so that every edit can be undone."


def draw_memory(params: Params, status: Status, emit: Emit) -> Params:
    """Draw the section."""
    memory = status.engine.memory
    if not widgets.section("Memory", note=summary(memory)):
        return params
    if memory is None:
        widgets.paragraph("Nothing plays yet.")
    else:
        _draw_bar(memory.shares)
        with graphs.figure_table("memory", 1) as is_visible:
            if is_visible:
                _draw_rows(memory)
    imgui.spacing()
    return params


def summary(memory: MemoryStatus | None) -> str:
    """Return the whole in a few words."""
    if memory is None:
        return ""
    if not memory.total:
        return memory.kind
    used = graphs.bytes_text(memory.total - memory.free)
    return f"{memory.kind}  {used} of {graphs.bytes_text(memory.total)} in use"


def _draw_bar(shares: tuple[MemoryShare, ...]) -> None:
    """All shares side by side."""
    room = imgui.get_content_region_avail().x
    height = theme.px(theme.STACK_HEIGHT)
    corner = imgui.get_cursor_screen_pos()
    imgui.dummy(imgui.ImVec2(room, height))
    draw = imgui.get_window_draw_list()
    total = sum(share.size for share in shares) or 1
    left = corner.x
    for share, colour in zip(shares, _colours(shares), strict=True):
        right = left + room * share.size / total
        end = (max(right - 1.0, left + 1.0), corner.y + height)
        draw.add_rect_filled((left, corner.y), end, theme.u32(colour))
        left = right
    imgui.spacing()


def _draw_rows(memory: MemoryStatus) -> None:
    for share, colour in zip(memory.shares, _colours(memory.shares), strict=True):
        imgui.table_next_row()
        imgui.table_next_column()
        graphs.swatch(colour)
        widgets.text(share.owner, theme.TEXT_DIM, imgui.get_content_region_avail().x)
        default = _PRISTINE if share.owner in _NETWORKS else ""
        widgets.tooltip(_HELP.get(share.owner, default))
        imgui.table_next_column()
        graphs.figure(graphs.bytes_text(share.size))
    if memory.total:
        imgui.table_next_row()
        imgui.table_next_column()
        widgets.text("Free", theme.TEXT)
        imgui.table_next_column()
        graphs.figure(graphs.bytes_text(memory.free))


def _colours(shares: tuple[MemoryShare, ...]) -> list[theme.Rgba]:
    greys = itertools.cycle(theme.OTHER_OWNERS)
    return [theme.OWNERS.get(share.owner) or next(greys) for share in shares]
