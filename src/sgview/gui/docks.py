"""The panels in their windows: which there are, where they are docked, and what is left free."""

from __future__ import annotations

from imgui_bundle import imgui

from sgview.gui import theme
from sgview.gui.panels import Emit
from sgview.gui.panels.blend import draw_blend
from sgview.gui.panels.canvas import draw_canvas
from sgview.gui.panels.edits.edits import EditsPanel
from sgview.gui.panels.ground import draw_ground
from sgview.gui.panels.latents import draw_latents
from sgview.gui.panels.layers import LayersPanel
from sgview.gui.panels.looks import LooksPanel
from sgview.gui.panels.mapping import MappingPanel
from sgview.gui.panels.networks import NetworksPanel
from sgview.gui.panels.outputs.outputs import draw_outputs
from sgview.gui.panels.performance.layer_times import LayerTimesPanel
from sgview.gui.panels.performance.memory import draw_memory
from sgview.gui.panels.performance.pace import draw_path
from sgview.gui.panels.performance.speed import SpeedPanel
from sgview.gui.panels.regions.regions import RegionsPanel
from sgview.gui.panels.shaping.directions import DirectionsPanel
from sgview.gui.panels.shaping.mixing import MixingPanel
from sgview.gui.panels.shaping.walk import draw_walk
from sgview.gui.panels.signals.script import draw_script
from sgview.gui.panels.signals.signals import draw_signals
from sgview.gui.panels.signals.sound import draw_sound
from sgview.gui.panels.travel.travel import TravelPanel
from sgview.gui.panels.view import draw_view
from sgview.gui.windows import (
    ClosableWindows,
    PanelWindow,
    WholeWindow,
    build_layout,
    draw_windows,
)
from sgview.state.boundary import Boundary
from sgview.state.params import Params
from sgview.state.status import Status

_DOCKSPACE = "sgview dockspace"


class Docks:
    """Owns the panels that are docked around the picture.

    Args:
        boundary: through which each panel is drawn.

    Attributes:
        networks: the panel of the slots, where files are dropped.
        travel: the panel of the source, whose dice have a key.
        are_shown: whether the panels are; those that come on a key come without them too.
    """

    def __init__(self, boundary: Boundary) -> None:
        self._boundary = boundary
        self.are_shown = True
        self._is_rearranged = False  # the windows are to be put where they were at first
        self._first_tab_in = 0  # frames until the first tab is chosen: windows must exist by then
        self.travel = TravelPanel()
        self.networks = NetworksPanel()
        self._speed = SpeedPanel()
        shaping = (MappingPanel(), MixingPanel(), DirectionsPanel(), draw_walk, RegionsPanel())
        self._windows = (
            PanelWindow("Networks", "networks", (self.networks,)),
            PanelWindow("Latents", "main", (self.travel, *shaping, draw_latents)),
            PanelWindow("Ground", "main", (draw_ground,)),
            PanelWindow("Layers", "main", (LayersPanel(), draw_canvas, draw_view)),
            PanelWindow("Edits", "main", (EditsPanel(),)),
            PanelWindow("Blend", "main", (draw_blend,)),
            PanelWindow("Looks", "main", (LooksPanel(),)),
            PanelWindow("Signals", "main", (draw_signals, draw_sound, draw_script)),
        )
        performance = (self._speed, LayerTimesPanel(), draw_memory, draw_path)
        self._closable = ClosableWindows(
            PanelWindow("Outputs", "left", (draw_outputs,)),
            PanelWindow("Performance", "left", performance),
        )
        self._whole = WholeWindow("Networks")
        self._alone = ClosableWindows(*self._closable.windows, is_alone=True)

    @property
    def _on_keys(self) -> ClosableWindows:
        """The windows that come on a key, as they are with or without the other panels."""
        return self._closable if self.are_shown else self._alone

    def is_shown(self, title: str) -> bool:
        """Return whether a window that comes on a key is shown."""
        return self._on_keys.is_shown(title)

    def toggle(self, title: str) -> None:
        """Show a window, alone where the panels are hidden, or put it away."""
        self._on_keys.show(title, not self._on_keys.is_shown(title))

    def toggle_all(self) -> None:
        """Hide or show all panels; those that were shown alone go."""
        self.are_shown = not self.are_shown
        for window in self._alone.windows:
            self._alone.show(window.title, False)

    def put_back(self) -> None:
        """Show all panels, each where it was on the first run."""
        self.are_shown = self._is_rearranged = True

    def record(self, status: Status) -> None:
        """Note the times of a frame, for the graph of the speed panel."""
        self._speed.record(status)

    def draw(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw the panels, or those alone that were asked for while the panels are hidden."""
        dockspace = imgui.get_id(_DOCKSPACE)
        if self.are_shown:
            return self._draw_docked(dockspace, params, status, emit)
        # Kept alive, or the panels would come back undocked; see-through, for its host window
        # covers the picture.
        imgui.dock_space_over_viewport(
            dockspace,
            None,
            imgui.DockNodeFlags_.keep_alive_only | imgui.DockNodeFlags_.passthru_central_node,
        )
        return self._alone.draw(params, status, emit, self._boundary)

    def find_picture(self) -> tuple[int, int, int, int]:
        """The free centre [framebuffer px]: x, y, width, height, origin top left."""
        io = imgui.get_io()
        dockspace = imgui.get_id(_DOCKSPACE)
        scale = io.display_framebuffer_scale
        x, y, width, height = 0.0, 0.0, io.display_size.x, io.display_size.y
        centre = imgui.internal.dock_builder_get_central_node(dockspace)
        if self.are_shown and centre is not None:
            x, y, width, height = centre.pos.x, centre.pos.y, centre.size.x, centre.size.y
        left, top = round(x * scale.x), round(y * scale.y)
        right, bottom = round((x + width) * scale.x), round((y + height) * scale.y)
        return left, top, max(right - left, 0), max(bottom - top, 0)

    def _draw_docked(self, dockspace: int, params: Params, status: Status, emit: Emit) -> Params:
        if self._is_rearranged or imgui.internal.dock_builder_get_node(dockspace) is None:
            self._is_rearranged = False
            build_layout(dockspace, (*self._windows, *self._closable.windows))
            self._first_tab_in = 2
        style = imgui.get_style()  # tabs are drawn here, closer together so that all are in sight
        narrow = imgui.ImVec2(style.frame_padding.x * theme.TAB_SHARE, style.frame_padding.y)
        gap = style.item_inner_spacing
        imgui.push_style_var(imgui.StyleVar_.frame_padding, narrow)
        imgui.push_style_var(
            imgui.StyleVar_.item_inner_spacing, imgui.ImVec2(gap.x * theme.TAB_SHARE, gap.y)
        )
        imgui.dock_space_over_viewport(
            dockspace,
            None,
            imgui.DockNodeFlags_.passthru_central_node
            | imgui.DockNodeFlags_.no_docking_over_central_node,
        )
        imgui.pop_style_var(2)
        if self._first_tab_in:
            self._first_tab_in -= 1
            if self._first_tab_in == 0:
                imgui.set_window_focus(self._windows[1].title)
        params = draw_windows(self._windows, params, status, emit, self._boundary)
        self._whole.keep(theme.px(theme.NETWORKS_HEIGHT), self._windows)
        return self._closable.draw(params, status, emit, self._boundary)
