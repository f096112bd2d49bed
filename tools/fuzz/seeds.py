"""Good inputs to begin with: small, and made here where they can be."""

from __future__ import annotations

import io
import json
import struct
import wave
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
import zstandard
from PIL import Image

from sgview.app.session_file import encode
from sgview.outputs.snapshot import save_snapshot
from sgview.show.takes.take import Header, Line
from sgview.state.params import Blend, Edit, Layer, Params
from sgview.state.presets import encode as encode_preset
from sgview.state.session import Session
from stylegan3 import Generator, StyleGAN2Config, StyleGAN3Config
from stylegan3.checkpoints import save_safetensors

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"

PARAMS = Params(
    edits=(Edit(tensor="synthesis.input.weight", expression="1 + 0.2*sin(t)", channels=(0, 3)),),
    blend=Blend(amounts={"L1": 0.5, "mapping": 1.0}),
    layer=Layer(name="L3", gain_db=3.0),
    bindings={"noise.amplitude": "osc('/fader')", "mapping.truncation_psi": "slider('x', 0, 1)"},
    sliders={"x": 0.25},
    osc_out=("noise.amplitude",),
)


def files(*names: str) -> list[bytes]:
    """Return files of the tests' data."""
    return [(DATA / name).read_bytes() for name in names]


@cache
def _networks() -> tuple[Generator, Generator]:
    torch.manual_seed(0)
    two = StyleGAN2Config(
        z_dim=8, w_dim=8, img_resolution=16, num_mapping_layers=2, channel_base=64, channel_max=6
    )
    three = StyleGAN3Config(
        z_dim=8, w_dim=8, img_resolution=16, num_layers=4, channel_base=128, channel_max=8,
        margin_size=2,
    )  # fmt: skip
    return Generator(two), Generator(three)


def saved(*, is_zip: bool) -> list[bytes]:
    """Return what `torch.save` makes of small networks in other programs' layouts."""
    two, three = _networks()
    prefixed = {f"module.{name}": value for name, value in three.state_dict().items()}
    made = []
    for held in ({"g_ema": two.state_dict()}, {"state_dict": prefixed, "epoch": 3}):
        file = io.BytesIO()
        torch.save(held, file, _use_new_zipfile_serialization=is_zip)
        made.append(file.getvalue())
    return made


def rosinality() -> list[bytes]:
    """Return a network as those who rewrote StyleGAN2 save it."""
    held = torch.load(DATA / "sg2-rosinality-64.pt", weights_only=True, mmap=True)
    file = io.BytesIO()
    torch.save(held, file, _use_new_zipfile_serialization=False)
    return [file.getvalue()]


def safetensors(folder: Path) -> list[bytes]:
    """Return networks in this program's own format."""
    made = []
    for number, network in enumerate(_networks()):
        path = folder / f"{number}.safetensors"
        save_safetensors(network, path)
        made.append(path.read_bytes())
    return made


def presets() -> list[bytes]:
    """Return presets as TOML."""
    looks = [path.read_bytes() for path in sorted((ROOT / "configs/looks").glob("f*.toml"))]
    return [encode_preset(PARAMS).encode(), *looks]


def preset_json() -> list[bytes]:
    """Return a preset as JSON."""
    return [encode_preset(PARAMS, as_json=True).encode()]


def settings() -> list[bytes]:
    """Return settings as TOML."""
    text = '[window]\nwidth = 800\n[osc]\nport = 9001\n[midi]\ndevices = ["nano"]\n[params.noise]\n'
    return [f"{text}period = 2.0\n".encode(), b'device = "cpu"\n[networks]\ndemo = "sg3"\n']


def sessions() -> list[bytes]:
    """Return a session."""
    return [encode(Session(params=PARAMS)).encode()]


def recent() -> list[bytes]:
    """Return a list of recent files."""
    return [json.dumps(["/home/me/faces.pkl", "/home/me/cats.safetensors"]).encode()]


def take_lines() -> list[bytes]:
    """Return a take before it is packed."""
    fields: dict[str, Any] = {"noise": {"amplitude": 0.5}, "bindings": {}}
    lines: list[msgspec.Struct] = [Header(params=PARAMS, shown=PARAMS)]
    lines += [Line(t=0.1 * n, elapsed=0.1, dt=0.1, beat=0.2 * n) for n in range(5)]
    lines += [Line(t=0.6, elapsed=0.1, bpm=130.0, params=fields)]
    lines += [Line(t=0.7, elapsed=0.1, inputs={"osc": {"/fader": [0.5]}, "mouse": [0.1, 0.2]})]
    return [b"".join(msgspec.json.encode(line) + b"\n" for line in lines)]


def takes() -> list[bytes]:
    """Return takes as they lie on the disk."""
    return [zstandard.compress(lines) for lines in take_lines()]


def pictures(folder: Path) -> list[bytes]:
    """Return a snapshot with its parameters, and pictures that have none."""
    path = folder / "seed.png"
    save_snapshot(path, np.zeros((4, 6, 4), np.uint8), PARAMS, t=1.0)
    plain = io.BytesIO()
    Image.new("RGB", (5, 5), "red").save(plain, format="PNG")
    return [path.read_bytes(), plain.getvalue()]


def sounds() -> list[bytes]:
    """Return half a second of sound."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"".join(struct.pack("<h", n % 200 * 90) for n in range(4000)))
    return [file.getvalue()]


def osc() -> list[bytes]:
    """Return datagrams of every kind."""
    from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
    from pythonosc.osc_message_builder import OscMessageBuilder

    made = []
    for address in ("/fader", "/sgview/noise/amplitude", "/sgview/edit/1/amount", "/sgview/preset"):
        message = OscMessageBuilder(address)
        message.add_arg(0.5)
        message.add_arg("text")
        message.add_arg(True)
        message.add_arg(b"blob", "b")
        message.add_arg(3, "h")
        made.append(message.build())
    bundle = OscBundleBuilder(IMMEDIATELY)
    for message in made:
        bundle.add_content(message)
    inner = bundle.build()
    outer = OscBundleBuilder(IMMEDIATELY)
    outer.add_content(inner)
    return [*(message.dgram for message in made), inner.dgram, outer.build().dgram]


def midi() -> list[bytes]:
    """Return bytes as a cable carries them."""
    return [
        bytes([0x90, 60, 100, 0x80, 60, 0, 0xB0, 1, 64, 0xB0, 123, 0, 0xE0, 0, 64, 0xC0, 5]),
        bytes([0xF0, 1, 2, 3, 0xF7, 0xF8, 0xFA, 0xFC, 0xFF, 0xD0, 7, 0xA0, 60, 9]),
        bytes([0xB0, 99, 1, 0xB0, 98, 2, 0xB0, 6, 3, 0xB0, 38, 4]),
    ]


def expressions() -> list[bytes]:
    """Return expressions of every function."""
    texts = [
        "0.5 + 0.5*sin(t/3)", "lfo(4, 'tri')", "env(note(36), 0.1, 1)", "smooth(osc('/a', 1), 0.2)",
        "midi(21, 0.5)", "slider('energy', 0, 1)", "audio('low') if t > 1 else value",
        "pickup(midi(7))", "ease(t % 1, 'bounce')", "clamp(remap(t, 0, 1, 2, 3), 0, 9)",
        "noise(t, 2) ** 2", "absTime.seconds * .1", "bend() + aftertouch(1) + polytouch(60)",
        "not t and 1 or 2 <= beat < 3", "-(1 / (t - t))", "random_step(t) + pulse(t, 0.2)",
    ]  # fmt: skip
    return [text.encode() for text in texts]
