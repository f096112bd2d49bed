"""Spout and Syphon, with stand-ins for the libraries of Windows and macOS."""

import sys
import types

import numpy as np
import pytest

from sgview.outputs.output import ALL_OUTPUTS, OUTPUTS
from sgview.outputs.picture import OutputPicture
from sgview.outputs.sharing.textures import (
    GL_TEXTURE_2D,
    SharedTexture,
    SpoutServer,
    SyphonServer,
)
from sgview.outputs.video import OutputError
from sgview.settings import Settings
from sgview.state.params import Params


class Calls:
    """Notes what a library is asked for."""

    def __init__(self, *args: object) -> None:
        self.calls: list[tuple[object, ...]] = [("open", *args)]
        self.takes = True
        LIBRARY.append(self)

    def __getattr__(self, name: str):
        def call(*args: object, **named: object) -> bool:
            self.calls.append((name, *args, *sorted(named.items())))
            return self.takes

        return call


LIBRARY: list[Calls] = []


@pytest.fixture(autouse=True)
def libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    LIBRARY.clear()
    spout, syphon = types.ModuleType("SpoutGL"), types.ModuleType("syphon")
    spout.__dict__["SpoutSender"] = syphon.__dict__["SyphonOpenGLServer"] = Calls
    monkeypatch.setitem(sys.modules, "SpoutGL", spout)
    monkeypatch.setitem(sys.modules, "syphon", syphon)


def picture(texture: int | None = 5) -> OutputPicture:
    pixels = np.zeros((48, 64, 4), np.uint8)
    draw = None if texture is None else lambda: texture
    return OutputPicture(pixels, Params(), 0.0, _never, texture=draw)


def _never() -> np.ndarray:
    raise AssertionError("the picture was downloaded")


def test_spout_shares_the_texture_the_right_way_up() -> None:
    output = SharedTexture(SpoutServer("sgview"), "Spout sender sgview", now=lambda: 1.0)
    output.offer(picture())
    output.offer(picture())
    status = output.status()
    assert (status.written, status.rate, status.size) == (2, 2.0, (64, 48))
    output.close()
    output.close()
    sent = [("sendTexture", 5, GL_TEXTURE_2D, 64, 48, False, 0), ("setFrameSync", "sgview")]
    assert LIBRARY[0].calls == [
        ("open",), ("setSenderName", "sgview"), *sent, *sent, ("releaseSender",)
    ]  # fmt: skip


def test_what_spout_refuses_is_a_sentence() -> None:
    output = SharedTexture(SpoutServer("sgview"), "Spout sender sgview")
    LIBRARY[0].takes = False
    with pytest.raises(OutputError, match="Spout does not take the picture"):
        output.offer(picture())


def test_syphon_shares_the_texture_flipped() -> None:
    output = SharedTexture(SyphonServer("sgview"), "Syphon server sgview")
    output.offer(picture())
    output.close()
    shape = (("is_flipped", True), ("region", (0, 0, 64, 48)), ("size", (64, 48)))
    assert LIBRARY[0].calls == [
        ("open", "sgview"), ("publish_frame_texture", 5, *shape), ("stop",)
    ]  # fmt: skip


def test_without_opengl_it_says_so() -> None:
    output = SharedTexture(SyphonServer("sgview"), "Syphon server sgview")
    with pytest.raises(OutputError, match="which has none"):
        output.offer(picture(None))


def test_each_is_listed_on_its_own_system_alone() -> None:
    systems = {kind.name: kind.system for kind in ALL_OUTPUTS if kind.system}
    assert systems == {"Spout": "win32", "Syphon": "darwin"}
    names = {kind.name for kind in OUTPUTS}
    assert ("Spout" in names, "Syphon" in names) == (
        sys.platform == "win32",
        sys.platform == "darwin",
    )


@pytest.mark.parametrize(("name", "library"), [("Spout", "SpoutGL"), ("Syphon", "syphon")])
def test_the_table_opens_them(name: str, library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = next(kind for kind in ALL_OUTPUTS if kind.name == name)
    assert isinstance(kind.open(Settings()), SharedTexture)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ImportError):
        kind.open(Settings())
    assert kind.extra == name.lower()
