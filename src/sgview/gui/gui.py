"""The GUI's owner: ImGui context, backends, docking, and the order in which panels are drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import assert_never

from imgui_bundle import imgui, implot

from sgview.closing import Closing
from sgview.gui import hotkeys, theme
from sgview.gui.controls.binding_editor import BindingEditor
from sgview.gui.fallback_fonts import FallbackFonts, texts_of
from sgview.gui.grid_drag import GridDrag
from sgview.gui.key_sheet import draw_key_sheet
from sgview.gui.own_keys import with_own_keys
from sgview.gui.panels import Emit, Panel
from sgview.gui.panels.blend import draw_blend
from sgview.gui.panels.canvas import draw_canvas
from sgview.gui.panels.download import DownloadPanel
from sgview.gui.panels.edits.edits import EditsPanel
from sgview.gui.panels.ground import draw_ground
from sgview.gui.panels.latents import draw_latents
from sgview.gui.panels.layers import LayersPanel
from sgview.gui.panels.looks import LooksPanel
from sgview.gui.panels.mapping import MappingPanel
from sgview.gui.panels.networks import NetworksPanel
from sgview.gui.panels.notices import draw_notices
from sgview.gui.panels.outputs.outputs import draw_outputs
from sgview.gui.panels.outputs.stage import draw_sign
from sgview.gui.panels.path_prompt import PathPromptPanel
from sgview.gui.panels.performance.layer_times import LayerTimesPanel
from sgview.gui.panels.performance.memory import draw_memory
from sgview.gui.panels.performance.pace import draw_path
from sgview.gui.panels.performance.speed import SpeedPanel
from sgview.gui.panels.shaping.directions import DirectionsPanel
from sgview.gui.panels.shaping.mixing import MixingPanel
from sgview.gui.panels.shaping.walk import draw_walk
from sgview.gui.panels.signals.script import draw_script
from sgview.gui.panels.signals.signals import draw_signals
from sgview.gui.panels.signals.sound import draw_sound
from sgview.gui.panels.transport import draw_transport
from sgview.gui.panels.travel.travel import TravelPanel
from sgview.gui.panels.view import draw_view
from sgview.gui.parts import draw_part, recovering
from sgview.gui.picture_area import draw_invitation, draw_starting, mouse_over
from sgview.gui.picture_drag import PictureDrag
from sgview.gui.windows import (
    ClosableWindows,
    PanelWindow,
    WholeWindow,
    build_layout,
    draw_windows,
)
from sgview.state import commands
from sgview.state.boundary import Boundary, open_boundary
from sgview.state.networks import Slot
from sgview.state.params import Params
from sgview.state.places import is_file
from sgview.state.status import Status
from sgview.state.whole_file import write_whole

_DOCKSPACE = "sgview dockspace"
_MODIFIERS = {
    1: imgui.Key.mod_shift,
    2: imgui.Key.mod_ctrl,
    4: imgui.Key.mod_alt,
    8: imgui.Key.mod_super,
}
"""By their bits in GLFW."""
_MODIFIER_KEYS = range(340, 348)  # of GLFW, left and right
USED_FOR = 1.0  # after the mouse came to rest [s]
CURSOR_REST = 2.0  # after which a cursor over the bare picture hides [s]


class Gui(Closing):
    """Owns one ImGui context and the state of its widgets, nothing of the instrument.

    Without `attach` there is neither window nor GL: the null backend, on which `draw` runs as
    it does live; the caller sets `imgui.get_io().display_size` and feeds mouse and keys.
    """

    def __init__(
        self,
        ini_path: Path | None = None,
        ui_scale: float = 1.0,
        boundary: Boundary | None = None,
        own_keys: Mapping[str, str] | None = None,
    ) -> None:
        """Create the context.

        Args:
            ini_path: where the arrangement of the panels is kept; None: not kept.
            ui_scale: size of everything; 1 on a 96 dpi screen, 2 on a 192 dpi one.
            boundary: through which each panel is drawn; None: what fails is raised.
            own_keys: keys by the text of their action; `key_problems` says which cannot be.
        """
        self._boundary = boundary or open_boundary()
        self.show_panels = True
        self.picture_rect: tuple[int, int, int, int] = (0, 0, 0, 0)
        self._ini_path = ini_path
        self._is_attached = False
        self._window_address = 0
        self._shows_keys = False
        self._rest = 0.0  # since the mouse was last used [s]
        self._is_rearranged = False  # the windows are to be put where they were at first
        self._first_tab_in = 0  # frames until the first tab is chosen: windows must exist by then
        self._number_row: Callable[[], str] = lambda: "1234567890"
        self._travel = TravelPanel()
        self._shaping = (MappingPanel(), MixingPanel(), DirectionsPanel(), draw_walk)
        self._picture_drag = PictureDrag()
        self._grid_drag = GridDrag()
        toggles = self._toggle_keys, self._toggle_performance, self._toggle_outputs
        self._hotkeys = hotkeys.hotkeys(*toggles, self._travel.dice)
        self._hotkeys, self.key_problems = with_own_keys(self._hotkeys, own_keys or {})
        self._speed = SpeedPanel()
        self._networks = NetworksPanel()
        self._path_prompt = PathPromptPanel()
        self._download = DownloadPanel()
        self._binding_editor = BindingEditor()
        self._fallback_fonts = FallbackFonts()
        self._windows = (
            PanelWindow("Networks", "networks", (self._networks,)),
            PanelWindow("Latents", "main", (self._travel, *self._shaping, draw_latents)),
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
        self._context: imgui.internal.Context | None = imgui.create_context()
        imgui.set_current_context(self._context)
        self._plots: implot.internal.Context | None = implot.create_context()
        self._configure(ui_scale)

    @property
    def shows_performance(self) -> bool:
        """Whether the performance panel is shown, for which some things are measured."""
        return self._asked_for.is_shown("Performance")

    @property
    def _asked_for(self) -> ClosableWindows:
        """The windows that come on a key, as they are with or without the other panels."""
        return self._closable if self.show_panels else self._alone

    @property
    def is_used(self) -> bool:
        """Whether somebody has a hand at it: it then wants to follow at once."""
        self._activate()
        return self._rest < USED_FOR or self.is_widget_held

    @property
    def is_widget_held(self) -> bool:
        """Whether the user is dragging or typing into a widget, or drags the picture."""
        self._activate()
        return imgui.is_any_item_active() or self._picture_drag.is_held

    def attach(
        self, window_address: int, number_row: Callable[[], str] = lambda: "1234567890"
    ) -> None:
        """Draw into the GLFW window at this address, whose GL context is current.

        `number_row` returns what its keys type without Shift, as `hotkeys.run` takes it.
        ImGui chains to the callbacks that the window has by now: set yours first.
        """
        self._activate()
        self._number_row = number_row
        io = imgui.get_io()
        io.backend_flags &= ~int(imgui.BackendFlags_.renderer_has_textures)
        imgui.backends.glfw_init_for_opengl(window_address, True)
        imgui.backends.opengl3_init("#version 410")
        self._is_attached = True
        self._window_address = window_address

    def take_key(self, key: int, scancode: int, action: int, modifiers: int) -> None:
        """Take a key that another window of the program got, as GLFW tells it."""
        self._activate()
        imgui.backends.glfw_key_callback(self._window_address, key, scancode, action, modifiers)
        if key in _MODIFIER_KEYS:
            return
        io = imgui.get_io()  # the backend asks its own window, which has not got the keys
        for bit, modifier in _MODIFIERS.items():
            io.add_key_event(modifier, bool(modifiers & bit))

    def take_character(self, character: int) -> None:
        """Take a character that was typed there."""
        self._activate()
        imgui.backends.glfw_char_callback(self._window_address, character)

    def draw(self, params: Params, status: Status, emit: Emit) -> Params:
        """Run one frame of the GUI.

        Args:
            params: the instrument as it is set now.
            status: what there is to show.
            emit: takes the commands that the user gives.

        Returns:
            `params` itself, or a changed copy where the user changed something.
        """
        self._begin_frame()
        self._boundary.call(
            "fonts", self._fallback_fonts.follow, texts_of(params, status), otherwise=None
        )
        imgui.new_frame()
        try:
            params = recovering(self._build, params, status, emit)
        finally:
            imgui.render()  # a frame that was begun must end
        if not self._is_attached:
            _accept_textures()
        self._keep_arrangement()
        return params

    def draw_starting(self, text: str) -> None:
        """Run a frame that shows only what the window waits for before anything plays."""
        self._begin_frame()
        imgui.new_frame()
        draw_starting(text)
        imgui.render()

    def _begin_frame(self) -> None:
        self._activate()
        if self._is_attached:
            imgui.backends.opengl3_new_frame()
            imgui.backends.glfw_new_frame()

    def _build(self, params: Params, status: Status, emit: Emit) -> Params:
        """Build the frame that was begun: keys, panels, and what lies over the picture."""
        if imgui.is_key_pressed(imgui.Key.escape, False):
            self._close_popups()
        params = self._draw_part("keys", self._run_keys, params, status, emit)
        self._speed.record(status)
        dockspace = imgui.get_id(_DOCKSPACE)
        if self.show_panels:
            params = self._draw_part("transport bar", self._draw_transport, params, status, emit)
            params = self._draw_docked(dockspace, params, status, emit)
        else:
            # Kept alive, or the panels would come back undocked; see-through, for its host
            # window covers the picture.
            imgui.dock_space_over_viewport(
                dockspace,
                None,
                imgui.DockNodeFlags_.keep_alive_only | imgui.DockNodeFlags_.passthru_central_node,
            )
            params = self._alone.draw(params, status, emit, self._boundary)
        self.picture_rect = self._find_picture(dockspace)
        params = self._draw_over_picture(params, status, emit)
        self._hide_resting_cursor()
        return params

    def _draw_part(
        self, part: str, panel: Panel, params: Params, status: Status, emit: Emit
    ) -> Params:
        return draw_part(self._boundary, part, panel, params, status, emit)

    def _run_keys(self, params: Params, status: Status, emit: Emit) -> Params:
        return hotkeys.run(self._hotkeys, params, status, emit, self._number_row)

    def _draw_transport(self, params: Params, status: Status, emit: Emit) -> Params:
        toggles = self._toggle_keys, self._toggle_performance, self._toggle_outputs
        return draw_transport(params, status, emit, *toggles)

    def _draw_notices(self, params: Params, status: Status, emit: Emit) -> Params:
        draw_notices(self._picture_in_window(), status, emit)
        return params

    def present(self) -> None:
        """Draw the frame that `draw` made into the current framebuffer."""
        self._activate()
        if self._is_attached:
            imgui.backends.opengl3_render_draw_data(imgui.get_draw_data())

    def is_picture_free(self) -> bool:
        """Whether the frame that `draw` made has nothing within `picture_rect`."""
        self._activate()
        x, y, width, height = self._picture_in_window()
        for drawing in imgui.get_draw_data().cmd_lists:
            name = drawing._owner_name
            if name.startswith("WindowOverViewport"):
                continue  # the host of the docks, which draws around the free centre
            window = imgui.internal.find_window_by_name(name)
            if window is None:
                return False  # what lies in front of everything
            (left, top), (across, down) = window.pos, window.size
            if left < x + width and top < y + height and x < left + across and y < top + down:
                return False
        return True

    def slot_at(self, x: float, y: float) -> Slot | None:
        """The slot drawn at this place of the window [screen units of GLFW], for files dropped."""
        return self._networks.slot_at(x, y) if self.show_panels else None

    def mouse_over_picture(self) -> tuple[float, float, bool]:
        """The mouse over the picture: x right and y up in 0..1, and whether it is pressed there."""
        self._activate()
        return mouse_over(self._picture_in_window())

    def execute(self, command: commands.GuiCommand) -> None:
        """Do what `command` asks."""
        match command:
            case commands.ToggleGui():
                self.show_panels = not self.show_panels
                for window in self._alone.windows:
                    self._alone.show(window.title, False)
            case commands.PutWindowsBack():
                self.show_panels = self._is_rearranged = True
            case commands.EditBinding(path, low, high):
                self._binding_editor.open(path, low, high)
            case _:
                assert_never(command)

    def close(self) -> None:
        """Keep the arrangement and free everything; the GL context must still be current."""
        if self._context is None:
            return
        self._activate()
        self._fallback_fonts.close()
        self._keep_arrangement(is_last=True)
        if self._is_attached:
            imgui.backends.opengl3_shutdown()
            imgui.backends.glfw_shutdown()
        implot.destroy_context(self._plots)
        imgui.destroy_context(self._context)
        self._context = self._plots = None

    def _activate(self) -> None:
        if self._context is None:
            raise RuntimeError("the GUI is closed")
        imgui.set_current_context(self._context)
        implot.set_current_context(self._plots)

    def _configure(self, ui_scale: float) -> None:
        io = imgui.get_io()
        io.set_ini_filename("")  # read and written here, so that a read-only home is no error
        io.config_flags |= int(imgui.ConfigFlags_.docking_enable)
        io.config_windows_move_from_title_bar_only = True
        io.backend_flags |= int(imgui.BackendFlags_.renderer_has_textures)
        theme.apply(imgui.get_style(), ui_scale)
        theme.apply_to_plots(implot.get_style(), ui_scale)
        theme.load_fonts(io.fonts)
        if self._ini_path is not None and is_file(self._ini_path):
            text = self._ini_path.read_text(encoding="utf-8", errors="replace")
            imgui.load_ini_settings_from_memory(text)

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

    def _draw_over_picture(self, params: Params, status: Status, emit: Emit) -> Params:
        rect = self._picture_in_window()
        params = self._draw_part("picture under the hand", self._drag_picture, params, status, emit)
        if not status.engine.networks and not status.engine.loading:
            draw_invitation(rect, emit if self.show_panels else None)
        if self.show_panels:
            draw_sign(rect, params, status)
            params = self._draw_part("notices", self._draw_notices, params, status, emit)
        draw = self._draw_part
        params = draw("binding editor", self._binding_editor, params, status, emit)
        shade = theme.SHADE if self.show_panels else theme.CLEAR  # a show is not dimmed
        imgui.push_style_color(imgui.Col_.modal_window_dim_bg, shade)
        params = draw("question for a file", self._path_prompt, params, status, emit)
        params = draw("question of a download", self._download, params, status, emit)
        if self._shows_keys:
            self._shows_keys = draw_key_sheet(self._hotkeys, shade)
        imgui.pop_style_color()
        return params

    def _drag_picture(self, params: Params, status: Status, emit: Emit) -> Params:
        rect = self._picture_in_window()
        params = self._picture_drag.draw(params, status, emit, rect)
        return self._grid_drag.draw(params, status, emit, rect)

    def _find_picture(self, dockspace: int) -> tuple[int, int, int, int]:
        """The free centre [framebuffer px]: x, y, width, height, origin top left."""
        io = imgui.get_io()
        scale = io.display_framebuffer_scale
        x, y, width, height = 0.0, 0.0, io.display_size.x, io.display_size.y
        centre = imgui.internal.dock_builder_get_central_node(dockspace)
        if self.show_panels and centre is not None:
            x, y, width, height = centre.pos.x, centre.pos.y, centre.size.x, centre.size.y
        left, top = round(x * scale.x), round(y * scale.y)
        right, bottom = round((x + width) * scale.x), round((y + height) * scale.y)
        return left, top, max(right - left, 0), max(bottom - top, 0)

    def _picture_in_window(self) -> tuple[float, float, float, float]:
        """`picture_rect` in ImGui's coordinates."""
        scale = imgui.get_io().display_framebuffer_scale
        x, y, width, height = self.picture_rect
        across, down = scale.x or 1.0, scale.y or 1.0
        return x / across, y / down, width / across, height / down

    def _hide_resting_cursor(self) -> None:
        """Leave nothing but the picture on a screen without panels."""
        io = imgui.get_io()
        is_moved = io.mouse_delta.x or io.mouse_delta.y or io.mouse_wheel
        is_used = is_moved or imgui.is_any_mouse_down()
        self._rest = 0.0 if is_used else self._rest + io.delta_time
        if not self.show_panels and not self._shows_keys and self._rest > CURSOR_REST:
            imgui.set_mouse_cursor(int(imgui.MouseCursor_.none))

    def _toggle_keys(self) -> None:
        self._shows_keys = not self._shows_keys

    def _toggle_performance(self) -> None:
        self._toggle("Performance")

    def _toggle_outputs(self) -> None:
        self._toggle("Outputs")

    def _toggle(self, title: str) -> None:
        """Show a window, alone where the panels are hidden, or put it away."""
        self._asked_for.show(title, not self._asked_for.is_shown(title))

    def _close_popups(self) -> None:
        """What Esc does; it never quits."""
        self._shows_keys = False
        anywhere = imgui.PopupFlags_.any_popup
        if imgui.is_popup_open("", anywhere):
            imgui.internal.close_popup_to_level(0, True)

    def _keep_arrangement(self, is_last: bool = False) -> None:
        io = imgui.get_io()
        if self._ini_path is None or not (io.want_save_ini_settings or is_last):
            return
        io.want_save_ini_settings = False
        try:
            write_whole(self._ini_path, imgui.save_ini_settings_to_memory())
        except OSError:
            # A home that cannot be written costs the arrangement, not the show.
            self._ini_path = None


def _accept_textures() -> None:
    """Stand in for a renderer: say that the font atlas is uploaded."""
    for texture in imgui.get_platform_io().textures:
        if texture.status == imgui.ImTextureStatus.want_create:
            texture.set_tex_id(1)
        if texture.status == imgui.ImTextureStatus.want_destroy:
            texture.set_tex_id(0)
            texture.set_status(imgui.ImTextureStatus.destroyed)
        elif texture.status != imgui.ImTextureStatus.ok:
            texture.set_status(imgui.ImTextureStatus.ok)
