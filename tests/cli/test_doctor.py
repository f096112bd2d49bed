import argparse
import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sgview.cli import doctor
from sgview.cli.doctor import Finding
from sgview.cli.doctor_packages import Requirement, requirements
from tests.support.until import LIMIT

ROOT = Path(__file__).parents[2]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    parser = argparse.ArgumentParser()
    doctor.add_arguments(parser)
    code = doctor.run(parser.parse_args(arguments))
    return code, capsys.readouterr().out


@pytest.mark.gl
def test_says_what_this_machine_can_do(screen, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(capsys)
    assert code == 0
    for subject in (
        "python",
        "torch",
        "device",
        "memory",
        "window",
        "pace",
        "display",
        "video",
        "dialogs",
    ):
        assert f"  {subject} " in text
    assert "OpenGL 4" in text
    assert "pixel buffer upload" in text or "CUDA-OpenGL interop" in text
    assert re.search(r"memory +[\d.]+ GB of V?RAM free of [\d.]+ GB", text)
    assert re.search(r"pace +vsync on, the screen refreshes at \d+ Hz; .* at most 120 fps", text)
    assert text.strip().endswith("sgview can play here.")


@pytest.mark.gl
def test_json_is_for_programs(screen, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = run(capsys, "--json")
    report = json.loads(text)
    assert (code, report["is_playable"]) == (0, True)
    found = {finding["subject"]: finding for finding in report["findings"]}
    assert found["torch"]["verdict"] == "ok"
    assert set(found["window"]) == {"subject", "verdict", "text", "advice"}


def test_without_a_window_it_names_the_cause_and_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def window() -> list[Finding]:
        return [Finding("window", "missing", "there is no display", "start a desktop")]

    monkeypatch.setattr(doctor, "_window", window)
    code, text = run(capsys)
    assert code == 1
    assert "FAIL  window      there is no display" in text
    assert "-> start a desktop" in text
    assert "`sgview render` needs neither screen nor OpenGL." in text


def test_a_check_that_breaks_is_a_finding(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> list[Finding]:
        raise OSError("libcuda went away")

    monkeypatch.setattr(doctor, "_torch", broken)
    monkeypatch.setattr(doctor, "_window", list)
    code, text = run(capsys)
    assert code == 1
    assert "OSError: libcuda went away" in text
    assert "video" in text


def test_missing_encoders_do_not_stop_the_show(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sgview.outputs import codecs

    monkeypatch.setattr(codecs, "failure", lambda encoder: "it is gone")
    for name in ("_torch", "_kernels", "_window"):
        monkeypatch.setattr(doctor, name, list)
    code, text = run(capsys)
    assert code == 0
    assert "note  video" in text
    assert "H.264 cannot be encoded here: h264_nvenc, " in text


def test_encoders_of_the_graphics_card_are_tried_and_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sgview.outputs import codecs

    works = ("", "NVENC")
    monkeypatch.setattr(codecs, "failure", lambda e: "" if e.maker in works else "there is none")
    for name in ("_torch", "_kernels", "_window"):
        monkeypatch.setattr(doctor, name, list)
    _, text = run(capsys)
    assert "H.264 by NVENC" in text and "ProRes by prores_ks" in text
    assert "ok    encoders    NVENC work" in text


@pytest.mark.parametrize(
    ("module", "package"),
    [
        ("av", "av"),
        ("PIL", "pillow"),
        ("zstandard", "zstandard"),
        ("watchfiles", "watchfiles"),
        ("pythonosc", "python-osc"),
    ],
)
def test_a_package_that_sgview_needs_is_named_where_it_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    for name in ("_torch", "_kernels", "_window", "_video"):
        monkeypatch.setattr(doctor, name, list)
    code, text = run(capsys)
    assert code == 1
    assert f"FAIL  packages    {package} is not installed" in text
    assert package in text.partition("-> pip install")[2]
    assert text.strip().endswith("needs neither screen nor OpenGL.")


@pytest.mark.parametrize(
    ("module", "extra"),
    [("mido", "midi"), ("rtmidi", "midi"), ("sounddevice", "audio")],
)
def test_an_extra_that_is_missing_is_named_and_the_rest_plays(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    for name in ("_torch", "_kernels", "_window", "_video"):
        monkeypatch.setattr(doctor, name, list)
    code, text = run(capsys)
    assert code == 0
    assert f"note  extra {extra}" in text
    assert "is not installed" in text and f"pip install 'sgview[{extra}]'" in text
    assert "ok    packages    all" in text


def test_each_extra_of_the_project_has_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = list(data["dependencies"])
    for extra, names in data["optional-dependencies"].items():
        lines += [f"{name}; extra == '{extra}'" for name in names]
    monkeypatch.setattr(doctor, "requirements", lambda: requirements(lines))
    found = {finding.subject for finding in doctor._packages()}
    others = [name for name in ("win32", "darwin", "linux") if name != sys.platform]
    assert found >= {
        f"extra {extra}"[:12]
        for extra, names in data["optional-dependencies"].items()
        if any(not any(f"'{other}'" in name for other in others) for name in names)
    }


def test_requirements_of_other_systems_do_not_count() -> None:
    lines = [
        "av>=14.0",
        "spout-only; sys_platform == 'beos'",
        "here; sys_platform != 'beos'",
        'mido>=1.3; extra == "midi"',
    ]
    assert requirements(lines) == [
        Requirement("av"), Requirement("here"), Requirement("mido", "midi")
    ]  # fmt: skip


def test_a_library_of_the_system_that_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str) -> None:
        raise OSError("PortAudio library not found\nand more words")

    monkeypatch.setattr(importlib, "import_module", refuse)
    assert Requirement("sounddevice").problem == "cannot be used: PortAudio library not found"


def test_it_says_where_the_user_s_files_lie(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("CONFIG", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    settings, state, cache, pages = doctor._files()
    folder = Path(pages.text.partition(":")[0] if sys.platform == "linux" else ROOT / "docs")
    assert (folder / "formats.md").is_file()
    if sys.platform == "linux":
        own = tmp_path / "config" / "sgview" / "config.toml"
        assert settings.text == f"{own} (there is none yet, so the defaults count)"
        own.parent.mkdir(parents=True)
        own.write_text("")
        assert doctor._files()[0].text == str(own)
        assert str(tmp_path / "state") in state.text and str(tmp_path / "cache") in cache.text


@pytest.mark.parametrize("module", ["msgspec", "zstandard"])
def test_a_start_without_a_package_is_one_sentence(module: str) -> None:
    code = "import sys; sys.modules[sys.argv.pop(1)] = None; from sgview.cli import main; "
    result = subprocess.run(
        [sys.executable, "-c", f"{code}sys.exit(main(sys.argv[1:]))", module],
        capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.startswith(f"sgview: the package {module} is not installed: ")
    assert len(result.stderr.splitlines()) == 1


def test_scarce_memory_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from sgview.engine.meters import memory

    monkeypatch.setattr(memory, "system_memory", lambda: (500_000_000, 16_000_000_000))
    (found,) = doctor._memory(torch.device("cpu"))
    assert found.verdict == "slow"
    assert found.text == "0.5 GB of RAM free of 16.0 GB"
    monkeypatch.setattr(memory, "system_memory", lambda: (0, 0))
    assert doctor._memory(torch.device("cpu")) == []


def test_a_card_that_does_not_play_is_noted_with_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    from sgview.engine import cards, device

    monkeypatch.setattr(cards, "_find_card", lambda: ("NVIDIA GeForce RTX 3060", True))
    monkeypatch.setattr(device, "choose_device", lambda _name: torch.device("cpu"))
    monkeypatch.setattr(torch.version, "cuda", None)
    found = {finding.subject: finding for finding in doctor._torch()}["device"]
    assert found.verdict == "slow"
    assert "RTX 3060 is not used: this torch is built without CUDA" in found.text
    assert found.advice == "install torch with CUDA: see pytorch.org"


@pytest.mark.parametrize(
    ("ops", "reason", "text"),
    [
        ("auto", "NVIDIA GeForce GTX 1080 is older than compute capability 7.5", "older than"),
        ("ref", None, 'your settings say ops = "ref"'),
    ],
)
def test_kernels_that_are_not_used_are_noted_with_their_reason(
    monkeypatch: pytest.MonkeyPatch, ops, reason: str | None, text: str
) -> None:
    import torch

    from sgview import settings
    from stylegan3.cuda import nvrtc

    own = settings.Settings(gpu=settings.GpuSettings(ops=ops))
    monkeypatch.setattr(settings, "load_settings", lambda: own)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(nvrtc, "unavailable_reason", lambda: reason)
    (found,) = doctor._kernels()
    assert found.verdict == "slow"
    assert found.text.startswith("not used: ")
    assert text in found.text


def test_pace_is_that_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    from sgview import settings

    own = settings.Settings(window=settings.WindowSettings(vsync=False, fps_limit=0.0))
    monkeypatch.setattr(settings, "load_settings", lambda: own)
    assert doctor._pace(60.0, False).text == "vsync off, no limit"
    assert doctor._pace(60.0, True).text.endswith("the processor draws at most 40 fps")
