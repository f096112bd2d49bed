"""The GUI's owner: keys, panels, and what lies over the picture, in the order of drawing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import assert_never

from imgui_bundle import imgui

from sgview.closing import Closing
from sgview.gui import hotkeys, theme
from sgview.gui.controls.binding_editor import BindingEditor
from sgview.gui.docks import Docks
from sgview.gui.fallback_fonts import FallbackFonts, texts_of
from sgview.gui.grid_drag import GridDrag
from sgview.gui.imgui_context import ImguiContext
from sgview.gui.key_sheet import draw_key_sheet
from sgview.gui.own_keys import with_own_keys
from sgview.gui.panels import Emit, Panel
from sgview.gui.panels.download import DownloadPanel
from sgview.gui.panels.notices import draw_notices
from sgview.gui.panels.outputs.stage import draw_sign
from sgview.gui.panels.path_prompt import PathPromptPanel
from sgview.gui.panels.transport import draw_transport
from sgview.gui.parts import draw_part, recovering
from sgview.gui.picture_area import draw_invitation, draw_starting, mouse_over
from sgview.gui.picture_drag import PictureDrag
from sgview.gui.region_drag import RegionDrag
from sgview.state import commands
from sgview.state.boundary import Boundary, open_boundary
from sgview.state.networks import Slot
from sgview.state.params import Params
from sgview.state.status import Status

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
        self.picture_rect: tuple[int, int, int, int] = (0, 0, 0, 0)
        self._shows_keys = False
        self._rest = 0.0  # since the mouse was last used [s]
        self._number_row: Callable[[], str] = lambda: "1234567890"
        self._docks = Docks(self._boundary)
        self._picture_drag = PictureDrag()
        self._grid_drag = GridDrag()
        self._region_drag = RegionDrag()
        toggles = self._toggle_keys, self._toggle_performance, self._toggle_outputs
        self._hotkeys = hotkeys.hotkeys(*toggles, self._docks.travel.dice)
        self._hotkeys, self.key_problems = with_own_keys(self._hotkeys, own_keys or {})
        self._path_prompt = PathPromptPanel()
        self._download = DownloadPanel()
        self._binding_editor = BindingEditor()
        self._fallback_fonts = FallbackFonts()
        self._context = ImguiContext(ini_path, ui_scale)

    @property
    def show_panels(self) -> bool:
        """Whether the panels are shown."""
        return self._docks.are_shown

    @show_panels.setter
    def show_panels(self, are_shown: bool) -> None:
        self._docks.are_shown = are_shown

    @property
    def shows_performance(self) -> bool:
        """Whether the performance panel is shown, for which some things are measured."""
        return self._docks.is_shown("Performance")

    @property
    def is_used(self) -> bool:
        """Whether somebody has a hand at it: it then wants to follow at once."""
        self._context.activate()
        return self._rest < USED_FOR or self.is_widget_held

    @property
    def is_widget_held(self) -> bool:
        """Whether the user is dragging or typing into a widget, or drags the picture."""
        self._context.activate()
        is_dragged = self._picture_drag.is_held or self._region_drag.is_held
        return imgui.is_any_item_active() or is_dragged

    def attach(
        self, window_address: int, number_row: Callable[[], str] = lambda: "1234567890"
    ) -> None:
        """Draw into the GLFW window at this address, whose GL context is current.

        `number_row` returns what its keys type without Shift, as `hotkeys.run` takes it.
        ImGui chains to the callbacks that the window has by now: set yours first.
        """
        self._number_row = number_row
        self._context.attach(window_address)

    def take_key(self, key: int, scancode: int, action: int, modifiers: int) -> None:
        """Take a key that another window of the program got, as GLFW tells it."""
        self._context.take_key(key, scancode, action, modifiers)

    def take_character(self, character: int) -> None:
        """Take a character that was typed there."""
        self._context.take_character(character)

    def draw(self, params: Params, status: Status, emit: Emit) -> Params:
        """Run one frame of the GUI.

        Args:
            params: the instrument as it is set now.
            status: what there is to show.
            emit: takes the commands that the user gives.

        Returns:
            `params` itself, or a changed copy where the user changed something.
        """
        self._context.begin_frame()
        self._boundary.call(
            "fonts", self._fallback_fonts.follow, texts_of(params, status), otherwise=None
        )
        self._context.new_frame()
        try:
            params = recovering(self._build, params, status, emit)
        finally:
            imgui.render()  # a frame that was begun must end
        self._context.end_frame()
        return params

    def draw_starting(self, text: str) -> None:
        """Run a frame that shows only what the window waits for before anything plays."""
        self._context.begin_frame()
        self._context.new_frame()
        draw_starting(text)
        imgui.render()
        self._context.end_frame()

    def _build(self, params: Params, status: Status, emit: Emit) -> Params:
        """Build the frame that was begun: keys, panels, and what lies over the picture."""
        if imgui.is_key_pressed(imgui.Key.escape, False):
            self._close_popups()
        params = self._draw_part("keys", self._run_keys, params, status, emit)
        self._docks.record(status)
        if self.show_panels:
            params = self._draw_part("transport bar", self._draw_transport, params, status, emit)
        params = self._docks.draw(params, status, emit)
        self.picture_rect = self._docks.find_picture()
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
        self._context.present()

    def is_picture_free(self) -> bool:
        """Whether the frame that `draw` made has nothing within `picture_rect`."""
        self._context.activate()
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
        return self._docks.networks.slot_at(x, y) if self.show_panels else None

    def mouse_over_picture(self) -> tuple[float, float, bool]:
        """The mouse over the picture: x right and y up in 0..1, and whether it is pressed there."""
        self._context.activate()
        return mouse_over(self._picture_in_window())

    def execute(self, command: commands.GuiCommand) -> None:
        """Do what `command` asks."""
        match command:
            case commands.ToggleGui():
                self._docks.toggle_all()
            case commands.PutWindowsBack():
                self._docks.put_back()
            case commands.EditBinding(path, low, high):
                self._binding_editor.open(path, low, high)
            case _:
                assert_never(command)

    def close(self) -> None:
        """Keep the arrangement and free everything; the GL context must still be current."""
        if self._context.is_open:
            self._context.activate()
            self._fallback_fonts.close()
            self._context.close()

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
        if self.show_panels:
            params = self._region_drag.draw(params, status, rect)
        if not self._region_drag.takes_mouse:
            params = self._picture_drag.draw(params, status, emit, rect)
        return self._grid_drag.draw(params, status, emit, rect)

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
        self._docks.toggle("Performance")

    def _toggle_outputs(self) -> None:
        self._docks.toggle("Outputs")

    def _close_popups(self) -> None:
        """What Esc does; it never quits."""
        self._shows_keys = False
        anywhere = imgui.PopupFlags_.any_popup
        if imgui.is_popup_open("", anywhere):
            imgui.internal.close_popup_to_level(0, True)
