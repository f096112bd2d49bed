"""The editor of a path: its keys on a time line, and what each is."""

from __future__ import annotations

from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import theme
from sgview.gui.controls import icons, rows, widgets
from sgview.gui.controls.control import Controls
from sgview.gui.controls.leaf_rows import leaf_row
from sgview.gui.panels import Emit
from sgview.gui.panels.travel.strip import replace_path
from sgview.state.commands import SaveLatent
from sgview.state.journeys import add_key, next_to, tidy
from sgview.state.latent_paths import length_of, progress_of, whereabouts
from sgview.state.latent_places import FilePlace, PlanePlace, SeedPlace, read_place
from sgview.state.params import Key, Params
from sgview.state.status import Status

_ROWS = ("unit", "ends", "curve", "speed", "position")
_ADD = "Add what plays as a key; where the path stays at its only key, the seed after it."
_EMPTY = "A path leads over keys. Add one here, from the strip above or from the library."


class PathEditor:
    """Remembers which key is chosen, what is typed as its place, and the time line that is held."""

    def __init__(self) -> None:
        self._chosen = 0
        self._held: tuple[float, float] | None = None  # its first time and its span, while dragged
        self._typed: str | None = None

    def __call__(self, params: Params, status: Status, emit: Emit) -> Params:
        """Draw the time line, the chosen key, and how the path goes."""
        params = self._draw_line(params, status)
        params = self._draw_key(params, status, emit)
        controls = Controls(params, status, emit)
        for name in _ROWS:
            params = leaf_row(params, controls, f"latents.path.{name}")
            if name == "ends" and params.latents.path.ends == "closed":
                params = leaf_row(params, controls, "latents.path.closing")
        return params

    def _draw_line(self, params: Params, status: Status) -> Params:
        """Keys over time: a click chooses one, dragging moves it."""
        path = params.latents.path
        width = max(imgui.get_content_region_avail().x - theme.px(theme.DOT_COLUMN), 1.0)
        height = theme.px(theme.TIME_LINE)
        corner = imgui.get_cursor_screen_pos()
        imgui.invisible_button("##time line", imgui.ImVec2(width, height))
        is_held, is_begun = imgui.is_item_active(), imgui.is_item_activated()
        widgets.tooltip("Drag a key to another time.", f"Counted in {path.unit}.")
        draw = imgui.get_window_draw_list()
        end = (corner.x + width, corner.y + height)
        draw.add_rect_filled(corner, end, theme.u32(theme.FIELD), theme.px(theme.ROUNDING))
        if not path.keys:
            return params
        first = min(key.at for key in path.keys)
        last = max(key.at for key in path.keys)
        span = max(last - first, length_of(path), 1e-6)
        if not is_held:
            self._held = None
        elif self._held is None:
            self._held = first, span
        else:  # or the key would run away from under the hand
            first, span = self._held
        inset = height / 2 + theme.px(theme.GAP_TINY)
        scale = (width - 2 * inset) / span
        middle = corner.y + height / 2

        def across(at: float) -> float:
            return corner.x + inset + min(max((at - first) * scale, 0.0), width - 2 * inset)

        line = max(1.0, theme.px(theme.HAIRLINE))
        ends = (across(first), middle), (across(last), middle)
        draw.add_line(*ends, theme.u32(theme.TEXT_DIM), line)
        if path.ends == "closed":
            back = (across(first + span), middle)
            draw.add_line(ends[1], back, theme.u32(theme.TEXT_FAINT), line)
        self._chosen = min(self._chosen, len(path.keys) - 1)
        radius = theme.px(theme.DOT) * 1.6
        mouse = imgui.get_io().mouse_pos
        if is_begun:
            nearest = min(
                range(len(path.keys)), key=lambda n: abs(across(path.keys[n].at) - mouse.x)
            )
            self._chosen, self._typed = nearest, None
        half = height / 2 - line * 2
        for number in sorted(range(len(path.keys)), key=lambda n: n == self._chosen):  # on top
            key, texture = path.keys[number], status.show.places.get(path.keys[number].place, 0)
            colour = theme.u32(theme.ACCENT if number == self._chosen else theme.TEXT)
            x = across(key.at)
            if texture:
                low, high = (x - half, middle - half), (x + half, middle + half)
                draw.add_image(imgui.ImTextureRef(texture), low, high)
                draw.add_rect(low, high, colour, thickness=line * 2)
            else:
                draw.add_circle_filled((x, middle), radius, colour)
        progress = progress_of(path, status.player.motion.positions.get("path", 0.0))
        head = across(min(key.at for key in path.keys) + progress.time)
        draw.add_line((head, corner.y), (head, end[1]), theme.u32(theme.WARNING), line * 2)
        if is_held and not is_begun and imgui.get_io().mouse_delta.x:
            key = path.keys[self._chosen]
            moved = max(key.at + imgui.get_io().mouse_delta.x / scale, 0.0)
            params = self._with_key(params, replace(key, at=round(moved, 3)))
        return params

    def _draw_key(self, params: Params, status: Status, emit: Emit) -> Params:
        path = params.latents.path
        if widgets.icon_button(icons.ADD, "add key", _ADD, is_flat=False):
            params = self._add(params, status, emit)
            path = params.latents.path
        if not path.keys:
            imgui.same_line()
            widgets.paragraph(_EMPTY)
            return params
        imgui.same_line()
        is_removed = widgets.icon_button(
            icons.CLOSE, "remove key", "Remove this key", is_flat=False
        )
        imgui.same_line()
        imgui.align_text_to_frame_padding()
        count = len(path.keys)
        widgets.text(f"Key {self._chosen + 1} of {count}", theme.TEXT_DIM)
        if is_removed:
            keys = path.keys[: self._chosen] + path.keys[self._chosen + 1 :]
            self._typed = None
            return replace_path(params, replace(path, keys=keys))
        params = self._draw_place(params)
        controls = Controls(params, status, emit)
        for name in ("at", "easing"):
            params = leaf_row(params, controls, f"latents.path.keys.{self._chosen}.{name}")
        return params

    def _add(self, params: Params, status: Status, emit: Emit) -> Params:
        """Add the place that plays by its name; what lies on the way between places is saved."""
        where = whereabouts(params, status.player.motion)
        if not isinstance(where, SeedPlace | PlanePlace | FilePlace):
            emit(SaveLatent(is_key=True))
            return params
        where, keys = tidy(where), params.latents.path.keys
        if keys and keys[-1].place == str(where):  # it is there already: on to the next one
            where = next_to(where)
        path = add_key(params.latents.path, str(where))
        self._chosen, self._typed = len(path.keys) - 1, None
        return replace_path(params, path)

    def _draw_place(self, params: Params) -> Params:
        """The place as a text; one that cannot be read is said so while it is typed."""
        key = params.latents.path.keys[self._chosen]
        text = key.place if self._typed is None else self._typed
        rows.label("Place", False, "seed 5.5, plane 0 1.5 2, or file NAME.")
        imgui.set_next_item_width(rows.room())
        is_changed, text = imgui.input_text_with_hint("##place", "seed 5.5", text)
        self._typed = text if imgui.is_item_active() else None
        try:
            place = str(read_place(text))
        except ValueError as error:
            widgets.text(str(error), theme.WARNING, imgui.get_content_region_avail().x)
            return params
        return self._with_key(params, replace(key, place=place)) if is_changed else params

    def _with_key(self, params: Params, key: Key) -> Params:
        path = params.latents.path
        keys = list(path.keys)
        keys[self._chosen] = key
        return replace_path(params, replace(path, keys=tuple(keys)))
