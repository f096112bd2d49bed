"""The two slots: what is loaded, loading, unloading, swapping."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.controls import icons, widgets
from sgview.gui.panels import Emit
from sgview.state.commands import (
    CancelDownload,
    ChooseNetwork,
    LoadNetwork,
    ReloadNetwork,
    SwapNetworks,
    UnloadNetwork,
)
from sgview.state.networks import (
    BUILT_IN,
    BUILT_IN_NETWORKS,
    SLOTS,
    NetworkStatus,
    Slot,
    has_part,
    is_built_in,
)
from sgview.state.params import Params
from sgview.state.status import Status
from sgview.state.text import format_bytes

_ROLES = {"a": "the network that plays", "b": "the network to blend towards"}


class NetworksPanel:
    """Remembers the path being typed for each slot, and where the slots were drawn."""

    def __init__(self) -> None:
        self._typed: dict[Slot, str] = {"a": "", "b": ""}
        self._places: dict[Slot, tuple[imgui.ImVec2, imgui.ImVec2]] = {}

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw both slots."""
        self._heading(status, emit)
        for slot in SLOTS:
            self._card(slot, params, status, emit)
        return params

    def slot_at(self, x: float, y: float) -> Slot | None:
        """The slot drawn at this point of the window."""
        for slot, (low, high) in self._places.items():
            if low.x <= x < high.x and low.y <= y < high.y:
                return slot
        return None

    def _heading(self, status: Status, emit: Emit) -> None:
        imgui.align_text_to_frame_padding()
        theme.push_face("strong")
        widgets.text("Networks")
        imgui.pop_font()
        imgui.same_line()
        side = imgui.get_frame_height()
        imgui.set_cursor_pos_x(
            imgui.get_cursor_pos_x()
            + imgui.get_content_region_avail().x
            - side
            - theme.px(theme.GAP_SMALL)
        )
        can_swap = bool(status.engine.networks)
        if widgets.icon_button(icons.SWAP, "swap", "Exchange A and B", is_enabled=can_swap):
            emit(SwapNetworks())

    def _card(self, slot: Slot, params: Params, status: Status, emit: Emit) -> None:
        widgets.begin_card(f"##slot {slot}")
        network = status.engine.networks.get(slot)
        coming = _coming(slot, status)
        self._badge(slot, has_part(slot, params, status.engine.networks))
        imgui.same_line()
        buttons = widgets.icon_button_width(3)
        room = imgui.get_content_region_avail().x - buttons
        self._name(slot, network, status, room)
        imgui.same_line()
        self._buttons(slot, network, status, emit, buttons)
        self._second_line(slot, network, coming, emit)
        widgets.end_card()
        self._places[slot] = (imgui.get_item_rect_min(), imgui.get_item_rect_max())

    def _badge(self, slot: Slot, is_used: bool) -> None:
        side = imgui.get_frame_height()
        corner = imgui.get_cursor_screen_pos()
        imgui.dummy(imgui.ImVec2(side, side))
        widgets.tooltip(f"{slot.upper()}: {_ROLES[slot]}")
        draw = imgui.get_window_draw_list()
        colour = theme.ACCENT_STRONG if is_used else theme.FIELD_HOVERED
        rounding = imgui.get_style().frame_rounding
        draw.add_rect_filled(corner, corner + imgui.ImVec2(side, side), theme.u32(colour), rounding)
        theme.push_face("strong")
        size = imgui.calc_text_size(slot.upper())
        shade = theme.ON_ACCENT if is_used else theme.TEXT_DIM
        at = (corner.x + (side - size.x) / 2, corner.y + (side - size.y) / 2)
        draw.add_text(at, theme.u32(shade), slot.upper())
        imgui.pop_font()

    def _name(self, slot: Slot, network: NetworkStatus | None, status: Status, room: float) -> None:
        imgui.align_text_to_frame_padding()
        left = imgui.get_cursor_pos_x()
        if network is not None:
            theme.push_face("strong")
            shown = widgets.elided(network.name, room)
            widgets.text(shown)
            imgui.pop_font()
            is_own = is_built_in(network.path)
            widgets.tooltip("A built-in network." if is_own else network.path)
        elif slot in status.engine.unloaded:
            name = Path(status.engine.unloaded[slot]).name.removeprefix(BUILT_IN)
            widgets.text(name, theme.TEXT_FAINT, room)
        else:
            widgets.text("Drop a .pkl here", theme.TEXT_DIM, room)
        imgui.same_line()
        imgui.set_cursor_pos_x(left + room)
        imgui.dummy(imgui.ImVec2(0.0, 0.0))

    def _buttons(
        self,
        slot: Slot,
        network: NetworkStatus | None,
        status: Status,
        emit: Emit,
        width: float,
    ) -> None:
        imgui.set_cursor_pos_x(
            imgui.get_cursor_pos_x()
            + imgui.get_content_region_avail().x
            - width
            + imgui.get_style().item_spacing.x
        )
        if widgets.icon_button(icons.FOLDER_OPEN, "choose", "Choose a file…"):
            emit(ChooseNetwork(slot))
        imgui.same_line()
        if widgets.icon_button(
            icons.HISTORY, "recent", "Recent and built-in networks, or type a path"
        ):
            imgui.open_popup("files")
        self._files(slot, status, emit)
        imgui.same_line()
        if network is not None:
            if widgets.icon_button(icons.EJECT, "unload", "Unload, and free its memory"):
                emit(UnloadNetwork(slot))
            return
        path = status.engine.unloaded.get(slot, "")
        help = f"Load {Path(path).name} again" if path else "Nothing was unloaded here"
        if widgets.icon_button(icons.RELOAD, "reload", help, is_enabled=bool(path)):
            emit(ReloadNetwork(slot))

    def _second_line(
        self, slot: Slot, network: NetworkStatus | None, coming: _Coming | None, emit: Emit
    ) -> None:
        """What the network is, or how far its successor is: always one line high."""
        width = imgui.get_content_region_avail().x
        if coming is None:
            facts = _facts(network) if network else f"Empty: {_ROLES[slot]}"
            widgets.text(facts, theme.TEXT_DIM if network else theme.TEXT_FAINT, width)
            return
        share = max(0.0, min(1.0, coming.share))
        corner = imgui.get_cursor_screen_pos()
        room = width - imgui.calc_text_size(coming.amount).x - theme.px(theme.GAP_SMALL)
        widgets.text(coming.text, theme.TEXT, room)
        if coming.is_fetched:
            widgets.tooltip("Click to stop; what has come is kept, to go on another time.")
            if imgui.is_item_clicked():
                emit(CancelDownload())
        imgui.same_line()
        widgets.text_right(coming.amount)
        low = corner.y + imgui.get_text_line_height() + theme.px(theme.HAIRLINE)
        high = low + max(2.0, theme.px(theme.BAR_LINE))
        draw = imgui.get_window_draw_list()
        draw.add_rect_filled((corner.x, low), (corner.x + width, high), theme.u32(theme.FIELD))
        end = corner.x + width * share
        draw.add_rect_filled((corner.x, low), (end, high), theme.u32(theme.ACCENT))

    def _files(self, slot: Slot, status: Status, emit: Emit) -> None:
        width = min(theme.px(theme.POPUP_WIDTH), imgui.get_main_viewport().size.x)
        imgui.set_next_window_size(imgui.ImVec2(width, 0.0))
        if not imgui.begin_popup("files"):
            return
        label = "Load"
        pad = imgui.get_style().frame_padding.x
        button = imgui.calc_text_size(label).x + 2 * pad
        imgui.set_next_item_width(-button - imgui.get_style().item_spacing.x)
        is_entered, typed = imgui.input_text_with_hint(
            "##path",
            "Path or https:// address of a network",
            self._typed[slot],
            imgui.InputTextFlags_.enter_returns_true,
        )
        self._typed[slot] = typed
        imgui.same_line()
        path = typed.strip().strip("'\"")
        imgui.begin_disabled(not path)
        is_pressed = imgui.button(label)
        imgui.end_disabled()
        if path and (is_entered or is_pressed):
            self._typed[slot] = ""
            emit(LoadNetwork(slot, Path(path).expanduser()))
            imgui.close_current_popup()
        if status.recent:
            imgui.spacing()
            widgets.text("Recent", theme.TEXT_DIM)
        for index, recent in enumerate(status.recent):
            if imgui.selectable(f"##recent {index}", False)[0]:
                emit(LoadNetwork(slot, Path(recent)))
            widgets.tooltip(recent)
            imgui.same_line(imgui.get_style().item_inner_spacing.x + theme.px(theme.GAP_TINY))
            _recent_line(Path(recent))
        imgui.spacing()
        widgets.text("Built in", theme.TEXT_DIM)
        for name in BUILT_IN_NETWORKS:
            if imgui.selectable(f"##built in {name}", False)[0]:
                emit(LoadNetwork(slot, Path(f"{BUILT_IN}{name}")))
            imgui.same_line(imgui.get_style().item_inner_spacing.x + theme.px(theme.GAP_TINY))
            widgets.text(name.removeprefix("sg3-"))
            imgui.same_line()
            family = "StyleGAN3" if name.startswith("sg3-") else "StyleGAN2"
            widgets.text_right(family, theme.TEXT_FAINT)
        imgui.end_popup()


@dataclass(frozen=True)
class _Coming:
    """The network on its way into a slot."""

    text: str
    amount: str
    share: float  # 0..1
    is_fetched: bool  # over the network, not read from the disk


def _coming(slot: Slot, status: Status) -> _Coming | None:
    load = next((load for load in status.engine.loading if load.slot == slot), None)
    if load is not None:
        text = f"Reading {Path(load.path).name.removeprefix(BUILT_IN)}"
        return _Coming(text, f"{load.progress:.0%}", load.progress, False)
    download = status.download
    if download is None or download.slot != slot or download.is_question:
        return None
    if not download.name:
        return _Coming(f"Asking {download.host}", "", 0.0, True)
    amount = format_bytes(download.received)
    if download.size is None:
        return _Coming(f"Fetching {download.name}", amount, 0.0, True)
    amount = f"{amount} of {format_bytes(download.size)}"
    share = download.received / max(download.size, 1)
    return _Coming(f"Fetching {download.name}", amount, share, True)


def _recent_line(path: Path) -> None:
    width = imgui.get_content_region_avail().x
    name = widgets.elided(path.name, width * 0.6)
    widgets.text(name)
    imgui.same_line()
    room = imgui.get_content_region_avail().x - theme.px(theme.GAP_SMALL)
    widgets.text_right(widgets.elided(str(path.parent), room, keep_end=True), theme.TEXT_FAINT)


def _facts(network: NetworkStatus) -> str:
    width, height = network.dimensions
    parts = [network.family, f"{width} px" if width == height else f"{width} × {height} px"]
    if network.c_dim:
        parts.append(f"{network.c_dim} classes")
    parts.append(f"{_millions(network.num_parameters)} parameters")
    return "  ·  ".join(parts)


def _millions(count: int) -> str:
    return f"{count / 1e6:.1f} M" if count >= 1e5 else f"{count / 1e3:.0f} k"
