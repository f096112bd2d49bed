"""A user without a screen: draws the GUI on the null backend, and clicks what it finds there.

The item functions of ImGui are wrapped, so that a test names what it clicks by its label, and so
that two items of one identity in one frame are noticed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import Gui
from sgview.state.commands import Command, EditBinding
from sgview.state.networks import LayerInfo, NetworkStatus, TensorInfo
from sgview.state.params import Params
from sgview.state.status import BlendGroup, ChannelStatistics, PictureStatus, Status

ITEM_FUNCTIONS = (
    "button",
    "invisible_button",
    "selectable",
    "begin_combo",
    "drag_float",
    "drag_int",
    "input_text_with_hint",
)
CHARACTERS = {  # that keys type, as the keys of a keyboard do
    imgui.Key.left_bracket: "[",
    imgui.Key.right_bracket: "]",
    imgui.Key.comma: ",",
    imgui.Key.period: ".",
    imgui.Key.apostrophe: "'",
    imgui.Key.minus: "-",
}
SG3_LAYERS = ["L0_36_64", "L1_36_64", "L2_52_64", "L3_52_32", "L4_84_32", "L5_148_16", "L6_148_3"]


@dataclass(frozen=True)
class Item:
    """Something that was drawn and can be clicked."""

    label: str
    window: str
    id: int
    low: tuple[float, float]
    high: tuple[float, float]
    is_visible: bool

    @property
    def centre(self) -> tuple[float, float]:
        return (self.low[0] + self.high[0]) / 2, (self.low[1] + self.high[1]) / 2

    def is_called(self, name: str) -> bool:
        """By its full label, by its identity after ##, or by what is read before it."""
        if self.label == name:
            return True
        shown, _, identity = self.label.partition("##")
        return name in (identity, identity.removeprefix("#"), shown, shown.rpartition("  ")[2])


@dataclass
class Stage:
    """The GUI, what it is given, and what came of it."""

    gui: Gui
    params: Params
    status: Status
    commands: list[Command] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def frame(self, count: int = 1) -> None:
        for _ in range(count):
            self.items.clear()
            self.texts.clear()
            self.params = self.gui.draw(self.params, self.status, self._take)
            ids = [item.id for item in self.items if item.id]
            twins = {item.label for item in self.items if ids.count(item.id) > 1}
            assert not twins, f"items share an identity: {twins}"

    def _take(self, command: Command) -> None:
        """Do what the application does with commands that are the GUI's own."""
        if isinstance(command, EditBinding):
            self.gui.execute(command)
        else:
            self.commands.append(command)

    def show(self, window: str) -> None:
        """Bring a docked window to the front."""
        imgui.set_window_focus(window)
        self.frame(3)

    def find(self, name: str, nth: int = 0) -> Item:
        found = [item for item in self.items if item.label == name]
        found = found or [item for item in self.items if item.is_called(name)]
        assert len(found) > nth, f"{name!r} is not among {[item.label for item in self.items]}"
        return found[nth]

    def has(self, name: str) -> bool:
        return any(item.is_called(name) for item in self.items)

    def reads(self, text: str) -> bool:
        """Whether a line of text of the last frame contains `text`."""
        return any(text in line for line in self.texts)

    def point(self, name: str, nth: int = 0) -> None:
        item = self.find(name, nth)
        assert item.is_visible, f"{name!r} is out of sight"
        imgui.get_io().add_mouse_pos_event(*item.centre)
        self.frame(2)

    def press(self, button: int, is_down: bool) -> None:
        imgui.get_io().add_mouse_button_event(button, is_down)
        self.frame(2)

    def click(self, name: str, nth: int = 0, button: int = 0) -> None:
        self.point(name, nth)
        self.press(button, True)
        self.press(button, False)
        # Not to become a double click with the next one.
        self.wait(1.0)

    def double_click(self, name: str, nth: int = 0) -> None:
        self.point(name, nth)
        for is_down in (True, False, True, False):
            self.press(0, is_down)

    def drag(self, name: str, pixels: float, nth: int = 0) -> None:
        self.point(name, nth)
        x, y = self.find(name, nth).centre
        self.press(0, True)
        for step in range(1, 11):
            imgui.get_io().add_mouse_pos_event(x + pixels * step / 10, y)
            self.frame()
        self.press(0, False)
        self.wait(1.0)

    def key(self, key: imgui.Key, *mods: imgui.Key) -> None:
        io = imgui.get_io()
        for mod in mods:
            io.add_key_event(mod, True)
        io.add_key_event(key, True)
        if key in CHARACTERS and not mods:
            io.add_input_character(ord(CHARACTERS[key]))
        self.frame(2 + len(mods))
        io.add_key_event(key, False)
        for mod in mods:
            io.add_key_event(mod, False)
        self.frame(2 + len(mods))

    def type(self, text: str) -> None:
        for character in text:
            imgui.get_io().add_input_character(ord(character))
            self.frame(2)

    def write(self, name: str, text: str, nth: int = 0) -> None:
        """Type into a text field, and leave it with Enter."""
        self.click(name, nth)
        self.key(imgui.Key.a, imgui.Key.mod_ctrl)
        self.type(text)
        self.key(imgui.Key.enter)

    def wait(self, seconds: float) -> None:
        io = imgui.get_io()
        before, io.delta_time = io.delta_time, seconds
        self.frame()
        io.delta_time = before

    def change(self, **changes: Any) -> None:
        """Set fields of the status."""
        self.status = changed(self.status, **changes)
        self.frame(2)


def make_network(family: str = "StyleGAN3-T", c_dim: int = 0, name: str = "faces") -> NetworkStatus:
    """A small network of 7 layers, StyleGAN3, or of blocks up to 32 px, StyleGAN2."""
    layers, tensors = [], [TensorInfo("mapping.w_avg", "mapping", (64,), False)]
    if family.startswith("StyleGAN3"):
        layers.append(LayerInfo("input", "input", 36, 64))
        tensors.append(TensorInfo("synthesis.input.weight", "input", (64, 64), False))
        for index, full in enumerate(SG3_LAYERS):
            group, size, channels = full.split("_")
            layers.append(LayerInfo(full, group, int(size), int(channels)))
            is_last = index == len(SG3_LAYERS) - 1
            shape = (int(channels), 64, 3, 3)
            tensors.append(TensorInfo(f"synthesis.{full}.weight", group, shape, not is_last))
            tensors.append(TensorInfo(f"synthesis.{full}.magnitude_ema", group, (), False))
    else:
        for size in (4, 8, 16, 32):
            group = f"b{size}"
            for part in ("conv0", "conv1", "torgb"):
                layers.append(LayerInfo(f"{group}.{part}", group, size, 64))
                weight = f"synthesis.{group}.{part}.weight"
                is_invariant = part != "torgb"
                tensors.append(TensorInfo(weight, group, (64, 64, 3, 3), is_invariant))
    return NetworkStatus(
        name=name,
        path=f"/networks/{name}.pkl",
        family=family,
        z_dim=64,
        c_dim=c_dim,
        w_dim=64,
        num_ws=9,
        img_resolution=128,
        img_channels=3,
        num_parameters=1_250_000,
        layers=tuple(layers),
        tensors=tuple(tensors),
    )


def changed(status: Status, **changes: Any) -> Status:
    """Set fields of the status by name alone, each in its owner's part."""
    for name, value in changes.items():
        if name in Status.__struct_fields__:
            status = replace(status, **{name: value})
            continue
        parts = {part: getattr(status, part) for part in Status.__struct_fields__}
        part = next(p for p, value in parts.items() if hasattr(value, name))
        status = replace(status, **{part: replace(parts[part], **{name: value})})
    return status


def make_status(**changes: Any) -> Status:
    """Two networks playing, nothing wrong."""
    groups = ["mapping", "input", *(name.split("_")[0] for name in SG3_LAYERS)]
    status = changed(
        Status(),
        t=12.5,
        networks={"a": make_network(), "b": make_network(name="cats")},
        recent=("/networks/faces.pkl", "/networks/old/cats.pkl"),
        picture=PictureStatus(
            "L2_52_64", (52, 52), 64, ChannelStatistics(0.1, 1.0, 4.0, 0.2, 0.9, 3.0)
        ),
        blend_groups=tuple(
            BlendGroup(group, group != "L3", "shapes differ" if group == "L3" else "")
            for group in groups
        ),
        latent=tuple(math.sin(index / 5) for index in range(64)),
        picture_fps=24.0,
        fps=60.0,
        device="cpu",
        display="pixel buffer",
    )
    return changed(status, **changes)


@pytest.fixture
def fakes() -> SimpleNamespace:
    """Makers of what the GUI is given."""
    return SimpleNamespace(network=make_network, status=make_status, changed=changed)


StageMaker = Callable[..., Stage]


@pytest.fixture
def make_stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[StageMaker]:
    """Opens GUIs without a window, and closes them after the test."""
    stages: list[Stage] = []
    current: list[Item] = []
    lines: list[str] = []
    for name in ITEM_FUNCTIONS:
        monkeypatch.setattr(imgui, name, _recording(getattr(imgui, name), name, current))
    monkeypatch.setattr(imgui, "text_unformatted", _reading(imgui.text_unformatted, lines))

    def make(
        params: Params | None = None,
        status: Status | None = None,
        size: tuple[int, int] = (1400, 1500),
        ui_scale: float = 1.0,
        ini_path: Path | None = None,
        is_unfolded: bool = True,  # all that the first tab holds is in sight
    ) -> Stage:
        gui = Gui(ini_path, ui_scale)
        io = imgui.get_io()
        io.display_size = imgui.ImVec2(*size)
        io.delta_time = 1 / 60
        io.config_debug_highlight_id_conflicts = True
        stage = Stage(gui, params or Params(), status or make_status())
        stage.items, stage.texts = current, lines
        stages.append(stage)
        stage.frame(6)
        if is_unfolded:
            _unfold("Latents", "Vector", "Noise")
            stage.frame(2)
        return stage

    yield make
    for stage in stages:
        stage.gui.close()


def _unfold(window: str, *sections: str) -> None:
    """Open sections of a window that are folded at first."""
    found = imgui.internal.find_window_by_name(window)
    for section in sections:
        found.state_storage.set_bool(found.get_id(f"{section} is open"), True)


def _recording(function: Callable[..., Any], name: str, items: list[Item]) -> Callable[..., Any]:
    def call(label: str, *args: Any, **kwargs: Any) -> Any:
        identity = imgui.get_id(label)
        result = function(label, *args, **kwargs)
        if name == "begin_combo" and result:
            return result  # the last item is now inside the list
        low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        window = imgui.internal.get_current_window().name
        items.append(
            Item(label, window, identity, (*low,), (*high,), imgui.is_item_visible())  # type: ignore[arg-type]
        )
        return result

    return call


def _reading(function: Callable[[str], None], lines: list[str]) -> Callable[[str], None]:
    def call(text: str) -> None:
        lines.append(text.replace("\n", " "))  # as it is read, wherever a line breaks
        function(text)

    return call
