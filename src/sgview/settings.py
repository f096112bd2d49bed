"""Settings: how the program starts. `configs/default.toml` documents every one.

Layers, later ones win: the defaults, the user's own `config.toml`, `--config FILE`, the options on
the command line.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import platformdirs
from msgspec import Meta, field

from sgview.state.morph import Easing
from sgview.state.output_frame import OutputFrame
from sgview.state.params import Node, Params
from sgview.state.places import is_file
from sgview.state.presets import load_preset
from sgview.state.recording import Recording
from sgview.state.sound import Sound
from sgview.state.validation import ConfigError, build, plain, read_data

Positive = Annotated[int, Meta(ge=1)]


class WindowSettings(Node, frozen=True):
    """The window at start."""

    width: Positive = 1600  # [screen units]
    height: Positive = 1000
    fullscreen: bool = False
    vsync: bool = True
    fps_limit: Annotated[float, Meta(ge=0)] = 120.0  # with vsync off [frames/s]; 0: none
    ui_scale: Annotated[float, Meta(ge=0, le=4)] = 0.0  # 0: the screen's own


class NetworkSettings(Node, frozen=True):
    """Checkpoints opened at start; without A a built-in pair plays."""

    a: str = ""
    b: str = ""
    demo: Literal["sg2", "sg3"] = "sg2"  # which built-in pair


class FolderSettings(Node, frozen=True):
    """Where files are written; relative to the current folder."""

    snapshots: str = "out"
    presets: str = "presets"
    takes: str = "takes"
    latents: str = "latents"
    recordings: str = "recordings"


class GpuSettings(Node, frozen=True):
    """How networks are computed on an NVIDIA GPU."""

    ops: Literal["auto", "ref"] = "auto"  # "ref": by the reference operations in torch
    precision: Literal["fast", "published", "fp32"] = "fast"
    kernels: Literal["auto", "generic"] = "auto"  # "auto": also those of one GPU alone
    layers: Literal["at once", "background"] = "at once"  # where those never shown are planned
    tune: Literal["off", "background"] = "off"  # measure convolutions while nothing moves
    vram: Annotated[float, Meta(ge=0, le=1024)] = (
        0.0  # at most this much of its memory [GiB]; 0: all
    )


class CleanWindowSettings(Node, frozen=True):
    """The window with the picture alone, for a projector."""

    enabled: bool = False  # from the start
    screen: str = ""  # name of its monitor; "": another than the main window's


class OscSettings(Node, frozen=True):
    """OSC messages in and out."""

    enabled: bool = True
    interface: str = "127.0.0.1"  # "0.0.0.0" hears other machines too
    port: Annotated[int, Meta(ge=1, le=65535)] = 9000  # UDP
    send_to: str = ""  # "HOST:PORT" of the receiver; "": nothing is sent


class MidiSettings(Node, frozen=True):
    """MIDI controllers."""

    enabled: bool = True
    interface: Literal["", "alsa", "jack", "coremidi", "windows"] = ""  # "": whichever there is
    devices: tuple[str, ...] = ()  # parts of the names of the devices to open; (): all
    pick_up: bool = True  # learned controllers take over once they pass the present value


class LookSettings(Node, frozen=True):
    """How looks are recalled, until the panel says otherwise."""

    fade: Annotated[float, Meta(ge=0, le=3600)] = 2.0  # [s]; 0: cut
    easing: Easing = "smooth"


class PageSettings(Node, frozen=True):
    """The page that a browser shows; off until it is switched on, or by `--serve`."""

    address: str = "127.0.0.1:8710"  # "0.0.0.0:8710" lets others on the net in, who have the token
    files: bool = False  # it has buttons that record and save
    controls: tuple[str, ...] = ()  # paths of values that it shows, besides those marked later
    video: Literal["auto", "vp8", "h264", "jpeg"] = "auto"  # of WebRTC; "jpeg": none, no UDP


class TempoSettings(Node, frozen=True):
    """The beat at start."""

    bpm: Annotated[float, Meta(ge=20, le=400)] = 120.0  # [1/min]
    follows_sound: bool = False


class Settings(Node, frozen=True):
    """Everything that is read once, at start."""

    device: Literal["auto", "cuda", "mps", "cpu"] = "auto"
    gpu: GpuSettings = GpuSettings()
    networks: NetworkSettings = NetworkSettings()
    window: WindowSettings = WindowSettings()
    keys: dict[str, str] = field(default_factory=dict)  # by what F1 says they do
    folders: FolderSettings = FolderSettings()
    osc: OscSettings = OscSettings()
    midi: MidiSettings = MidiSettings()
    looks: LookSettings = LookSettings()
    sound: Sound = Sound()
    recording: Recording = Recording()
    page: PageSettings = PageSettings()
    tempo: TempoSettings = TempoSettings()
    clean_window: CleanWindowSettings = CleanWindowSettings()
    outputs: dict[str, OutputFrame] = msgspec.field(default_factory=dict)
    """By the name of an output; those left out have their own."""
    params: Params = Params()


def user_config_path() -> Path:
    """Return where the user's own settings lie, whether or not the file exists."""
    return platformdirs.user_config_path("sgview") / "config.toml"


def load_settings(
    path: Path | None = None,
    *,
    use_user_config: bool = True,
    look: Path | None = None,
) -> Settings:
    """Read the settings: the defaults, the user's own file, then `path`.

    Args:
        path: settings that win over the user's own.
        use_user_config: read those, if there are any.
        look: a preset that takes the place of the defaults of `params`.

    Raises:
        ConfigError: naming file, key and cause.
    """
    data: dict[str, Any] = {}
    if look is not None:
        data = {"params": plain(load_preset(look))}
    own = user_config_path()
    sources = [own] if use_user_config and is_file(own) else []
    sources += [path] if path is not None else []
    for source in sources:
        layer = read_data(source)
        build(layer, Settings, str(source))  # an error names the file it is in
        data = _merge(data, layer)
    return build(data, Settings, "settings")


def holds_settings(path: Path) -> bool:
    """Return whether a file holds settings of the program, which some take for a preset."""
    try:
        load_settings(path, use_user_config=False)
    except ConfigError:
        return False
    return True


def _merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(merged.get(key), dict):
            merged[key] = _merge(merged[key], value)
        else:
            merged[key] = value
    return merged
