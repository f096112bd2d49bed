"""`sgview doctor`: what this machine can do, which way pictures take, and what to install."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Literal

import sgview
from sgview import resources
from sgview.cli.doctor_packages import PLAYS_WITHOUT, requirements

if TYPE_CHECKING:
    import torch

Verdict = Literal["ok", "slow", "missing"]
ENOUGH_MEMORY = 2e9  # for two networks of 1024 pixels and what they are drawn with [bytes]
MARKS: dict[Verdict, str] = {"ok": "ok  ", "slow": "note", "missing": "FAIL"}


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    subject: str
    verdict: Verdict  # "slow": works, but something would make it better; "missing": cannot play
    text: str
    advice: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sgview doctor`."""
    parser.add_argument("--json", action="store_true", help="for programs to read")


def run(args: argparse.Namespace) -> int:
    """Print the findings; return 0 if the window can play here, else 1."""
    findings = examine()
    is_playable = all(finding.verdict != "missing" for finding in findings)
    if args.json:
        report = {"is_playable": is_playable, "findings": [asdict(f) for f in findings]}
        print(json.dumps(report, indent=2))
    else:
        print(describe(findings, is_playable))
    return 0 if is_playable else 1


def describe(findings: list[Finding], is_playable: bool) -> str:
    """Return the findings as lines of text."""
    lines = []
    for finding in findings:
        lines.append(f"{MARKS[finding.verdict]}  {finding.subject:<12}{finding.text}")
        if finding.advice:
            lines.append(f"{'':18}-> {finding.advice}")
    lines += ["", "sgview can play here." if is_playable else "sgview cannot open a window here."]
    if not is_playable:
        lines.append("`sgview render` needs neither screen nor OpenGL.")
    return "\n".join(lines)


def examine() -> list[Finding]:
    """Look at everything; a check that fails in a way nobody foresaw becomes a finding too."""
    checks: list[tuple[str, Callable[[], list[Finding]]]] = [
        ("sgview", _program),
        ("packages", _packages),
        ("files", _files),
        ("torch", _torch),
        ("kernels", _kernels),
        ("window", _window),
        ("video", _video),
        ("dialogs", _dialogs),
    ]
    findings = []
    for subject, check in checks:
        try:
            findings += check()
        except Exception as error:
            findings.append(Finding(subject, "missing", f"{type(error).__name__}: {error}"))
    return findings


def _program() -> list[Finding]:
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    python = f"Python {platform.python_version()} ({sys.executable})"
    return [
        Finding("sgview", "ok", sgview.__version__),
        Finding("python", "ok", python),
        Finding("system", "ok", system),
    ]


def _packages() -> list[Finding]:
    """Name each package that is missing, and how to have it."""
    try:
        needed = requirements()
    except metadata.PackageNotFoundError:
        text = "not known: sgview was not installed, but is run from a folder"
        return [Finding("packages", "slow", text, "pip install . in that folder")]
    findings, extras = [], {each.extra: list[str]() for each in needed}
    for each in needed:
        if not (problem := each.problem):
            continue
        if each.extra:
            extras[each.extra].append(f"{each.name} {problem}")
        else:
            advice = f"pip install --force-reinstall --no-deps {each.name}"
            verdict = "slow" if each.name in PLAYS_WITHOUT else "missing"
            findings.append(Finding("packages", verdict, f"{each.name} {problem}", advice))
    if not findings:
        count = len([each for each in needed if not each.extra])
        findings.append(Finding("packages", "ok", f"all {count} that sgview needs"))
    for extra, problems in sorted(extras.items()):
        if extra and problems:
            advice = f"pip install 'sgview[{extra}]'"
            findings.append(Finding(f"extra {extra}"[:12], "slow", "; ".join(problems), advice))
        elif extra:
            findings.append(Finding(f"extra {extra}"[:12], "ok", "installed"))
    return findings


def _files() -> list[Finding]:
    """Say where what belongs to the user lies."""
    import platformdirs

    from sgview.settings import user_config_path
    from sgview.state.places import is_file
    from stylegan3.cuda import kernel_folder

    config = user_config_path()
    note = "" if is_file(config) else " (there is none yet, so the defaults count)"
    state = platformdirs.user_state_path("sgview")
    return [
        Finding("settings", "ok", f"{config}{note}"),
        Finding("state", "ok", f"{state}: session, recent files, panels, reports"),
        Finding("cache", "ok", f"{kernel_folder()}: compiled kernels, can be deleted"),
        Finding("docs", "ok", f"{resources.documentation()}: the pages that sgview names"),
    ]


def _torch() -> list[Finding]:
    import torch

    from sgview.engine.cards import unused_card
    from sgview.engine.device import choose_device, describe_device
    from sgview.settings import load_settings

    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
    findings = [Finding("torch", "ok", f"{torch.__version__}, built {build}")]
    asked_for = load_settings().device
    device = choose_device(asked_for)
    name = describe_device(device)
    if device.type != "cpu":
        return [*findings, Finding("device", "ok", name), *_memory(device)]
    unused = unused_card(device, asked_for)
    text = f"{name}; {unused.reason or 'no graphics card to compute on was found'}"
    return [*findings, Finding("device", "slow", text, unused.advice), *_memory(device)]


def _memory(device: torch.device) -> list[Finding]:
    """Say how much is free of what networks are played in."""
    from sgview.engine.meters.memory import memory_status

    memory = memory_status(device, {})
    if not memory.total:
        return []
    text = f"{memory.free / 1e9:.1f} GB of {memory.kind} free of {memory.total / 1e9:.1f} GB"
    if memory.free >= ENOUGH_MEMORY:
        return [Finding("memory", "ok", text)]
    advice = "two networks of 1024 pixels need about 1.5 GB: close what else uses it"
    return [Finding("memory", "slow", text, advice)]


def _kernels() -> list[Finding]:
    import torch

    from sgview.settings import load_settings
    from stylegan3.cuda import unavailable_reason

    if not torch.cuda.is_available():
        return []
    reason = unavailable_reason()
    if reason:
        return [Finding("kernels", "slow", f"not used: {reason}")]
    if load_settings().gpu.ops == "ref":
        advice = 'set ops = "auto" under [gpu] in your settings'
        return [Finding("kernels", "slow", 'not used: your settings say ops = "ref"', advice)]
    version = metadata.version("cuda-core")
    return [Finding("kernels", "ok", f"compiled by NVRTC through cuda-core {version}")]


def _window() -> list[Finding]:
    from sgview.gfx.context import WindowError
    from sgview.gfx.window import Window

    try:
        window = Window("sgview doctor", 64, 64, visible=False)
    except WindowError as error:
        return [Finding("window", "missing", str(error))]
    with window:
        graphics = window.graphics
        text = f"OpenGL {graphics.version}, {graphics.renderer}"
        if graphics.is_software:
            advice = "the processor draws: install the graphics card's driver if there is a card"
            found = Finding("window", "slow", text, advice)
        else:
            found = Finding("window", "ok", text)
        return [found, _pace(window.placement.refresh_rate, graphics.is_software), _display_path()]


def _pace(refresh_rate: float, is_software: bool) -> Finding:
    """Say what sets the pace of the window, as the user's own settings have it."""
    from sgview.app.pace import SOFTWARE_LIMIT
    from sgview.settings import load_settings

    window = load_settings().window
    limit = f"at most {window.fps_limit:g} fps" if window.fps_limit else "no limit"
    if window.vsync:
        text = f"vsync on, the screen refreshes at {refresh_rate:g} Hz; with vsync off {limit}"
    else:
        text = f"vsync off, {limit}"
    if is_software:
        text += f"; the processor draws at most {SOFTWARE_LIMIT:g} fps"
    return Finding("pace", "ok", text)


def _display_path() -> Finding:
    """Show a small picture from the device that would play, and see which way it went."""
    import torch

    from sgview.engine.device import choose_device
    from sgview.gfx.display import Display
    from sgview.gfx.interop import DeviceImage

    device = choose_device("auto")
    pixels = torch.arange(64 * 64 * 4, device=device).to(torch.uint8).reshape(64, 64, 4)
    host = pixels.cpu().numpy()
    with Display() as display:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
            image = DeviceImage(
                pixels.data_ptr(), 64, 64, lambda: host, owner=pixels, device=device.index or 0
            )
            display.show(image)
        else:
            display.show(host)
        if (display.read() != host).any():
            text = f"{display.description}: the picture arrives changed"
            return Finding("display", "missing", text, "update the graphics driver")
        is_slow = device.type == "cuda" and not display.description.startswith("CUDA")
        return Finding("display", "slow" if is_slow else "ok", display.description)


def _video() -> list[Finding]:
    """Try the encoders, and say which encodes what."""
    try:
        import av

        from sgview.outputs import codecs
    except ImportError as error:
        return [Finding("video", "slow", f"no videos: {error}", "pip install av")]
    made, broken = [], []
    for codec in codecs.CODECS:
        if codec.is_sequence:
            continue
        try:
            encoder = codecs.encoder_for(codec)
            made.append(f"{codec.label} by {encoder.maker or encoder.name}")
        except LookupError as error:
            broken.append(str(error))
    text = f"PyAV {av.__version__}: {', '.join(made) or 'no known encoder'}"
    findings = [Finding("video", "slow" if broken else "ok", "; ".join([text, *broken]))]
    makers = {e.maker for codec in codecs.CODECS for e in codec.encoders if e.maker}
    works = {
        e.maker for codec in codecs.CODECS for e in codec.encoders if e.maker
        if not codecs.failure(e)
    }  # fmt: skip
    if not works:
        text = f"software encodes films: {', '.join(sorted(makers))} do not work here"
        return [*findings, Finding("encoders", "ok", text)]
    return [*findings, Finding("encoders", "ok", f"{', '.join(sorted(works))} work")]


def _dialogs() -> list[Finding]:
    from sgview.app.dialogs import has_system_dialogs

    if has_system_dialogs():
        return [Finding("dialogs", "ok", "the system's own")]
    advice = "install zenity or kdialog to choose files in the system's own dialog"
    return [Finding("dialogs", "slow", "a text field stands in for the file dialog", advice)]
