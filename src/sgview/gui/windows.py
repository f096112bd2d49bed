"""The dockable windows: what stands where on the first run, and drawing them."""

from __future__ import annotations

from dataclasses import dataclass

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.panels import Emit, Panel
from sgview.gui.parts import draw_part
from sgview.state.boundary import Boundary
from sgview.state.params import Params
from sgview.state.status import Status

_FLAGS = imgui.WindowFlags_.no_collapse | imgui.WindowFlags_.no_scrollbar  # see `_draw_scroll_bar`


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


class WholeWindow:
    """Keeps a docked window as high as it must be, whatever becomes of the others.

    A dock shares out its height as it was saved: at 720 px the box of the networks would be cut
    that was arranged at 1000. Where the user makes it smaller by hand, it stays so.

    Args:
        title: of that window.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._height = 0.0  # of what it is a part of [px]

    def keep(self, height: float, others: tuple[PanelWindow, ...]) -> None:
        """Give it `height` [px] at least, at the cost of `others`, if the room for all changed."""
        node = _node_of(self._title)
        parent = node.parent_node if node is not None else None
        if node is None or parent is None or parent.size.y == self._height:
            return
        self._height = parent.size.y
        beside = _part_beside(node, parent, others)
        if node.size.y >= height or beside is None or parent.size.y < 2 * height:
            return
        node.size_ref = imgui.ImVec2(node.size_ref.x, height)
        beside.size_ref = imgui.ImVec2(beside.size_ref.x, parent.size.y - height)


def _node_of(title: str) -> imgui.internal.DockNode | None:
    window = imgui.internal.find_window_by_name(title)
    return window.dock_node if window is not None else None


def _part_beside(
    node: imgui.internal.DockNode,
    parent: imgui.internal.DockNode,
    windows: tuple[PanelWindow, ...],
) -> imgui.internal.DockNode | None:
    """Return the other half of `parent`, whichever of `windows` is in it, above or below."""
    for window in windows:
        other = _node_of(window.title)
        while other is not None and other.parent_node is not None:
            if other.parent_node.id_ == parent.id_ and other.id_ != node.id_:
                is_stacked = abs(other.pos.x - node.pos.x) < 1.0
                return other if is_stacked else None
            other = other.parent_node
    return None


class ClosableWindows:
    """Windows that come when they are asked for, each with a button that closes it.

    Args:
        windows: those there are.
        is_alone: they lie over the picture, for a stage on which all other panels are hidden.
    """

    def __init__(self, *windows: PanelWindow, is_alone: bool = False) -> None:
        self.windows = windows
        self._is_alone = is_alone
        self._shown: set[str] = set()  # titles

    def is_shown(self, title: str) -> bool:
        """Whether that window is there."""
        return title in self._shown

    def show(self, title: str, is_wanted: bool) -> None:
        """Show a window or put it away."""
        assert any(window.title == title for window in self.windows)
        self._shown = self._shown | {title} if is_wanted else self._shown - {title}

    def draw(self, params: Params, status: Status, emit: Emit, boundary: Boundary) -> Params:
        """Draw those that are shown."""
        for window in self.windows:
            if window.title in self._shown:
                if not self._is_alone:
                    _place(window, self.windows)
                params, is_open = _draw_closable(
                    window, params, status, emit, boundary, is_alone=self._is_alone
                )
                self.show(window.title, is_open)
        return params


def draw_windows(
    windows: tuple[PanelWindow, ...],
    params: Params,
    status: Status,
    emit: Emit,
    boundary: Boundary,
) -> Params:
    """Draw every window that is in sight; hidden tabs cost nothing."""
    for window in windows:
        _place(window, windows)
        is_visible, _ = imgui.begin(
            window.title, None, _FLAGS | imgui.WindowFlags_.no_focus_on_appearing
        )
        if is_visible:
            params = _draw_panels(window, params, status, emit, boundary)
        imgui.end()
    return params


def _place(window: PanelWindow, windows: tuple[PanelWindow, ...]) -> None:
    """Put one that an older arrangement does not know beside another of its place."""
    if imgui.internal.find_window_settings_by_id(imgui.internal.im_hash_str(window.title)):
        return
    for other in windows:
        if other is not window and other.place == window.place:
            identity = imgui.internal.im_hash_str(other.title)
            known = imgui.internal.find_window_settings_by_id(identity)
            if known is not None and known.dock_id:
                imgui.set_next_window_dock_id(known.dock_id, imgui.Cond_.first_use_ever)
                return


def _draw_closable(
    window: PanelWindow,
    params: Params,
    status: Status,
    emit: Emit,
    boundary: Boundary,
    *,
    is_alone: bool,
) -> tuple[Params, bool]:
    """Draw a window that has a button to close it; False: that was pressed."""
    title, flags = window.title, _FLAGS
    if is_alone:  # a window of its own: the docked one stays where it is
        title += "##alone"
        flags |= imgui.WindowFlags_.no_docking | imgui.WindowFlags_.no_saved_settings
        margin = theme.px(theme.GAP_LARGE)
        corner = imgui.get_main_viewport().pos + imgui.ImVec2(margin, margin)
        imgui.set_next_window_pos(corner, imgui.Cond_.first_use_ever)
    width = theme.px(theme.PERFORMANCE_WIDTH)  # where an older arrangement does not know it
    imgui.set_next_window_size(imgui.ImVec2(width, 2 * width), imgui.Cond_.first_use_ever)
    is_visible, is_open = imgui.begin(title, True, flags)
    if is_visible:
        params = _draw_panels(window, params, status, emit, boundary)
    imgui.end()
    return params, bool(is_open)


def _draw_panels(
    window: PanelWindow, params: Params, status: Status, emit: Emit, boundary: Boundary
) -> Params:
    """Draw the panels of one window, each through the boundary."""
    for number, panel in enumerate(window.panels, 1):
        part = f"panel {window.title}"
        if len(window.panels) > 1:
            part += f", part {number} of it"
        params = draw_part(boundary, part, panel, params, status, emit)
    _draw_scroll_bar()
    return params


def _draw_scroll_bar() -> None:
    """Draw the bar of a window that is higher than its room into the margin on the right.

    Dear ImGui's own takes its width from the rows: they would all change when it comes and goes.
    """
    window = imgui.internal.get_current_window()
    if not window.scroll_max.y:
        return
    style = imgui.get_style()
    width = min(style.scrollbar_size, style.window_padding.x - theme.px(theme.HAIRLINE))
    window.scrollbar_sizes = imgui.ImVec2(width, 0.0)
    imgui.push_clip_rect(window.inner_rect.min, window.inner_rect.max, False)
    imgui.internal.scrollbar(imgui.internal.Axis.y)
    imgui.pop_clip_rect()
    window.scrollbar_sizes = imgui.ImVec2(0.0, 0.0)
