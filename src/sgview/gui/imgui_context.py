"""One ImGui context: its backends, fonts and the file that keeps the arrangement of windows."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from imgui_bundle import imgui, implot

from sgview.closing import Closing
from sgview.gui import style, theme
from sgview.state.places import is_file
from sgview.state.whole_file import write_whole

_MODIFIERS = {
    1: imgui.Key.mod_shift,
    2: imgui.Key.mod_ctrl,
    4: imgui.Key.mod_alt,
    8: imgui.Key.mod_super,
}
"""By their bits in GLFW."""
_DOUBLE_CLICK = 0.3  # between the clicks of a double click, at most [s]
_LATER = 0.2  # after those, a click is known to have been a single one [s]
_SLOWEST = 0.3  # of frames: one that took longer says nothing of the next ones [s]
_MODIFIER_KEYS = range(340, 348)  # of GLFW, left and right


class ImguiContext(Closing):
    """Owns an ImGui context, and one of ImPlot's beside it.

    Without `attach` there is neither window nor GL: the null backend, on which frames are built as
    they are live; the caller sets `imgui.get_io().display_size` and feeds mouse and keys.

    Args:
        ini_path: where the arrangement of the windows is kept; None: not kept.
        ui_scale: size of everything; 1 on a 96 dpi screen, 2 on a 192 dpi one.
    """

    def __init__(self, ini_path: Path | None, ui_scale: float) -> None:
        self._ini_path = ini_path
        self._is_attached = False
        self._window_address = 0
        self._frames: deque[float] = deque(maxlen=3)  # how long the last ones took [s]
        self._context: imgui.internal.Context | None = imgui.create_context()
        imgui.set_current_context(self._context)
        self._plots: implot.internal.Context | None = implot.create_context()
        self._configure(ui_scale)

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return self._context is not None

    def activate(self) -> None:
        """Make it the one that ImGui's functions act on."""
        if self._context is None:
            raise RuntimeError("the GUI is closed")
        imgui.set_current_context(self._context)
        implot.set_current_context(self._plots)

    def attach(self, window_address: int) -> None:
        """Draw into the GLFW window at this address, whose GL context is current.

        ImGui chains to the callbacks that the window has by now: set yours first.
        """
        self.activate()
        io = imgui.get_io()
        io.backend_flags &= ~int(imgui.BackendFlags_.renderer_has_textures)
        imgui.backends.glfw_init_for_opengl(window_address, True)
        imgui.backends.opengl3_init("#version 410")
        self._is_attached = True
        self._window_address = window_address

    def take_key(self, key: int, scancode: int, action: int, modifiers: int) -> None:
        """Take a key that another window of the program got, as GLFW tells it."""
        self.activate()
        imgui.backends.glfw_key_callback(self._window_address, key, scancode, action, modifiers)
        if key in _MODIFIER_KEYS:
            return
        io = imgui.get_io()  # the backend asks its own window, which has not got the keys
        for bit, modifier in _MODIFIERS.items():
            io.add_key_event(modifier, bool(modifiers & bit))

    def take_character(self, character: int) -> None:
        """Take a character that was typed there."""
        self.activate()
        imgui.backends.glfw_char_callback(self._window_address, character)

    def begin_frame(self) -> None:
        """Let the backends take in what happened since the last frame; then `new_frame`."""
        self.activate()
        if self._is_attached:
            imgui.backends.opengl3_new_frame()
            imgui.backends.glfw_new_frame()
        io = imgui.get_io()
        self._frames.append(min(io.delta_time, _SLOWEST))
        slow = sum(self._frames)  # two clicks take some frames, however slow those are
        io.mouse_double_click_time = max(_DOUBLE_CLICK, slow)
        io.mouse_single_click_delay = io.mouse_double_click_time + _LATER

    def new_frame(self) -> None:
        """Begin a frame with what happened, but for what is for the next one."""
        late = _take_presses_after_moves()
        imgui.new_frame()
        for event in late:
            imgui.get_current_context().input_events_queue.push_back(event)

    def end_frame(self) -> None:
        """Keep the arrangement, if ImGui wants that, after `imgui.render`."""
        if not self._is_attached:
            _accept_textures()
        self._keep_arrangement()

    def present(self) -> None:
        """Draw the frame that was built last into the current framebuffer."""
        self.activate()
        if self._is_attached:
            imgui.backends.opengl3_render_draw_data(imgui.get_draw_data())

    def close(self) -> None:
        """Keep the arrangement and free everything; the GL context must still be current."""
        if self._context is None:
            return
        self.activate()
        self._keep_arrangement(is_last=True)
        if self._is_attached:
            imgui.backends.opengl3_shutdown()
            imgui.backends.glfw_shutdown()
        implot.destroy_context(self._plots)
        imgui.destroy_context(self._context)
        self._context = self._plots = None

    def _configure(self, ui_scale: float) -> None:
        io = imgui.get_io()
        io.set_ini_filename("")  # read and written here, so that a read-only home is no error
        io.config_flags |= int(imgui.ConfigFlags_.docking_enable)
        io.config_windows_move_from_title_bar_only = True
        io.backend_flags |= int(imgui.BackendFlags_.renderer_has_textures)
        style.apply(imgui.get_style(), ui_scale)
        style.apply_to_plots(implot.get_style(), ui_scale)
        theme.load_fonts(io.fonts)
        if self._ini_path is not None and is_file(self._ini_path):
            text = self._ini_path.read_text(encoding="utf-8", errors="replace")
            imgui.load_ini_settings_from_memory(text)

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


def _take_presses_after_moves() -> imgui.ImVector_InputEvent:
    """Take off ImGui's queue what is for the next frame: from a press after a move on.

    A tab, and whatever else may have items above it, takes a press only where the mouse was over
    it in the frame before: at a few frames a second, a click right after the move would be lost.
    """
    queue = imgui.get_current_context().input_events_queue
    late, kept = imgui.ImVector_InputEvent(), len(queue)
    if kept > 1:
        kinds = [event.type for event in queue]
        moves = imgui.internal.InputEventType.mouse_pos
        presses = imgui.internal.InputEventType.mouse_button
        if moves in kinds and presses in kinds[kinds.index(moves) :]:
            kept = kinds.index(presses, kinds.index(moves))
    for index in range(kept, len(queue)):
        late.push_back(queue[index])
    for _ in late:
        queue.pop_back()
    return late


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
