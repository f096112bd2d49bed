"""Which GLFW is loaded: the one that imgui-bundle links to, on every system."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from sgview.gfx.glfw_library import glfw, library_path


@pytest.mark.parametrize(
    ("system", "name"),
    [("linux", "libglfw.so.3"), ("darwin", "libglfw.3.dylib"), ("win32", "glfw3.dll")],
)
def test_it_is_the_file_beside_imgui_bundle_or_else_the_systems(
    system: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: bundle)
    assert library_path(system) == name
    (tmp_path / name).touch()
    assert library_path(system) == str(tmp_path / name)


def test_the_installed_bundle_brings_it() -> None:
    assert Path(library_path()).is_file()
    assert glfw.get_version() >= (3, 4, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
@pytest.mark.parametrize("first", ["sgview.gfx.window", "sgview.gui.theme", "sgview.app.app"])
@pytest.mark.parametrize("setting", ["XDG_SESSION_TYPE", "PYGLFW_LIBRARY_VARIANT"])
def test_the_environment_brings_no_second_one(first: str, setting: str) -> None:
    code = (
        f"import re, {first}, sgview.app.app; maps = open('/proc/self/maps').read(); "
        "print(*sorted(set(re.findall(r'/.*libglfw.*', maps))), sep='\\n')"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, setting: "wayland"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert result.stderr == ""
    assert [Path(line).resolve() for line in result.stdout.split("\n") if line] == [
        Path(library_path()).resolve()
    ]
