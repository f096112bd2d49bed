import argparse
import json
import re
import sys

import pytest

from sgview.cli import doctor
from sgview.cli.doctor import Finding


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
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setattr(doctor, "_window", list)
    code, text = run(capsys)
    assert code == 0
    assert "note  video" in text


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
