"""The dockable windows: what stands where on the first run, and drawing them."""

from __future__ import annotations

from dataclasses import dataclass

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.panels import Emit, Panel
from sgview.state.params import Params
from sgview.state.status import Status


@dataclass(frozen=True)
class PanelWindow:
    """One window and the panels that share it, from top to bottom."""

    title: str
    place: str  # "networks" (top right), "main" (below it, as a tab), "left" of the picture
    panels: tuple[Panel, ...]


def build_layout(dockspace: int, windows: tuple[PanelWindow, ...]) -> None:
    """Dock the two networks on the top right, most as tabs below them, and what is "left".

    A place takes no room while no window is shown there.
    """
    builder = imgui.internal
    viewport = imgui.get_main_viewport()
    builder.dock_builder_remove_node(dockspace)
    root_flags = int(builder.DockNodeFlagsPrivate_.dock_space)
    builder.dock_builder_add_node(dockspace, root_flags)
    builder.dock_builder_set_node_size(dockspace, viewport.work_size)
    width, height = max(viewport.work_size.x, 1.0), max(viewport.work_size.y, 1.0)
    share = min(theme.px(theme.PANEL_WIDTH) / width, theme.PANEL_SHARE)
    side = builder.dock_builder_split_node(dockspace, imgui.Dir.right, share)
    top_share = min(theme.px(theme.NETWORKS_HEIGHT) / height, theme.NETWORKS_SHARE)
    column = builder.dock_builder_split_node(side.id_at_dir, imgui.Dir.up, top_share)
    rest = max(width * (1.0 - share), 1.0)
    left_share = min(
        theme.px(theme.PERFORMANCE_WIDTH) / rest, theme.PERFORMANCE_SHARE * width / rest
    )
    centre = builder.dock_builder_split_node(side.id_at_opposite_dir, imgui.Dir.left, left_share)
    places = {
        "networks": column.id_at_dir,
        "main": column.id_at_opposite_dir,
        "left": centre.id_at_dir,
    }
    top = builder.dock_builder_get_node(column.id_at_dir)
    top.set_local_flags(int(imgui.DockNodeFlags_.auto_hide_tab_bar))
    left = builder.dock_builder_get_node(places["left"])
    left.set_local_flags(int(builder.DockNodeFlagsPrivate_.no_close_button))  # the tab has one
    for window in windows:
        builder.dock_builder_dock_window(window.title, places[window.place])
    builder.dock_builder_finish(dockspace)


class ClosableWindows:
    """Windows that come when they are asked for, each with a button that closes it."""

    def __init__(self, *windows: PanelWindow) -> None:
        self.windows = windows
        self._shown: set[str] = set()  # titles

    def is_shown(self, title: str) -> bool:
        """Whether that window is there."""
        return title in self._shown

    def show(self, title: str, is_wanted: bool) -> None:
        """Show a window or put it away."""
        assert any(window.title == title for window in self.windows)
        self._shown = self._shown | {title} if is_wanted else self._shown - {title}

    def draw(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw those that are shown."""
        for window in self.windows:
            if window.title in self._shown:
                self._place(window)
                params, is_open = _draw_closable(window, params, status, emit)
                self.show(window.title, is_open)
        return params

    def _place(self, window: PanelWindow) -> None:
        """Put one that an older arrangement does not know beside another of its place."""
        for other in self.windows:
            if other is not window and other.place == window.place:
                identity = imgui.internal.im_hash_str(other.title)
                known = imgui.internal.find_window_settings_by_id(identity)
                if known is not None and known.dock_id:
                    imgui.set_next_window_dock_id(known.dock_id, imgui.Cond_.first_use_ever)


def draw_windows(
    windows: tuple[PanelWindow, ...], params: Params, status: Status, emit: Emit
) -> Params:
    """Draw every window that is in sight; hidden tabs cost nothing."""
    for window in windows:
        is_visible, _ = imgui.begin(
            window.title,
            None,
            imgui.WindowFlags_.no_collapse | imgui.WindowFlags_.no_focus_on_appearing,
        )
        if is_visible:
            for panel in window.panels:
                params = panel(params, status, emit)
        imgui.end()
    return params


def _draw_closable(
    window: PanelWindow, params: Params, status: Status, emit: Emit
) -> tuple[Params, bool]:
    """Draw a window that has a button to close it; False: that was pressed."""
    width = theme.px(theme.PERFORMANCE_WIDTH)  # where an older arrangement does not know it
    imgui.set_next_window_size(imgui.ImVec2(width, 2 * width), imgui.Cond_.first_use_ever)
    is_visible, is_open = imgui.begin(window.title, True, imgui.WindowFlags_.no_collapse)
    if is_visible:
        for panel in window.panels:
            params = panel(params, status, emit)
    imgui.end()
    return params, bool(is_open)
