"""Names that the panel's own fonts lack, and the system's fonts that are merged for them."""

import subprocess
import sys
from pathlib import Path

import pytest
from imgui_bundle import imgui
from msgspec.structs import replace

from sgview.gui import fallback_fonts
from sgview.gui.fallback_fonts import FallbackFonts, system_fonts
from tests.support.until import until

NAMES = {"中": "图像.pkl", "か": "かたち", "한": "한국어"}


@pytest.mark.parametrize("character", NAMES)
def test_a_font_of_the_system_is_found_and_merged_into_every_face(
    make_stage, fakes, character: str
) -> None:
    if not system_fonts(character):
        pytest.skip("no font here has Chinese, Japanese and Korean (Debian: fonts-wqy-microhei)")
    stage = make_stage()
    faces = list(imgui.get_io().fonts.fonts)
    if any(face.is_glyph_in_font(ord(character)) for face in faces):
        pytest.fail("the panel's own fonts have it already")
    network = replace(fakes.network(), name=NAMES[character])
    stage.change(networks={"a": network})

    def is_there() -> bool:
        return all(face.is_glyph_in_font(ord(character)) for face in faces)

    until(is_there, stage.frame)
    stage.frame(2)


def test_what_the_faces_have_is_not_looked_for(make_stage) -> None:
    make_stage()
    asked: list[str] = []
    with FallbackFonts(lambda character: asked.append(character) or []) as fonts:
        fonts.follow(["plain", "Ünïcode Жи α", "\ud800"])
        assert not fonts.is_searching


def test_what_no_font_has_is_looked_for_once(make_stage) -> None:
    make_stage()
    asked: list[str] = []
    with FallbackFonts(lambda character: asked.append(character) or []) as fonts:
        for _ in range(3):
            fonts.follow(["中"])
            until(lambda: fonts._search is None or fonts._search[1].done())
    assert asked == ["中"]


@pytest.mark.parametrize(
    "failure", [FileNotFoundError("fc-match"), subprocess.TimeoutExpired("fc-match", 1.0)]
)
def test_without_fontconfig_there_is_no_font(monkeypatch, failure: Exception) -> None:
    def fail(*_arguments, **_settings):
        raise failure

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(subprocess, "run", fail)
    assert system_fonts("中") == []


@pytest.mark.parametrize(
    ("platform", "folder", "file"),
    [("win32", "Fonts", "msyh.ttc"), ("win32", "Fonts", "malgun.ttf")],
)
def test_windows_has_known_files(
    monkeypatch, tmp_path: Path, platform: str, folder: str, file: str
) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / file).write_bytes(b"")
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("WINDIR", str(tmp_path))
    character = "中" if file == "msyh.ttc" else "한"
    assert system_fonts(character) == [(tmp_path / folder / file, 0)]


def test_macos_has_known_files(monkeypatch, tmp_path: Path) -> None:
    (tmp_path / "PingFang.ttc").write_bytes(b"")
    assert fallback_fonts._known_fonts("中", fallback_fonts._MAC, [tmp_path]) == [
        (tmp_path / "PingFang.ttc", 0)
    ]
