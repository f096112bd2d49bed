"""What a take holds, and reading it.

A take is a file of JSON lines compressed by Zstandard: a header with the state at the start, then a
line a frame that says only what changed. Nothing in it is executed: what a script did is recorded
as its changes, not as its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from msgspec.structs import replace

from sgview.show.script_frame import Change
from sgview.signals.incoming import Instant
from sgview.state.morph import Easing
from sgview.state.networks import Slot
from sgview.state.params import Node, Params
from sgview.state.validation import ConfigError

VERSION = 1
LONGEST_LINE = 16_000_000  # [bytes]
MOST_FRAMES = 10_000_000
AT_ONCE = 1024  # read at once: even of an archive bomb that is no more than some 30 MB [bytes]


class RecordedNetwork(Node, frozen=True):
    """A network that was playing."""

    path: str  # "": built in
    name: str


class FadeStart(Node, frozen=True):
    """A recall that began at this frame."""

    seconds: float
    easing: Easing


class FadeUnderWay(Node, frozen=True):
    """A crossfade that had begun before the take."""

    origin: Params
    since: float  # the start of the take, when it began; negative [s]
    seconds: float
    easing: Easing


class Header(Node, frozen=True):
    """The first line."""

    sgview_take: int = VERSION
    created: str = ""
    params: Params = Params()  # as they were set
    shown: Params = Params()  # what played in the frame before
    fade: FadeUnderWay | None = None
    networks: dict[Slot, RecordedNetwork] = msgspec.field(default_factory=dict)


class Line(Node, frozen=True, omit_defaults=True):
    """One frame as it is written: `None` says as before."""

    t: float  # [s]
    elapsed: float = 0.0  # real time since the frame before [s]
    dt: float = 0.0
    beat: float = 0.0
    bpm: float | None = None
    params: dict[str, Any] | None = None  # fields of `Params` that changed
    inputs: dict[str, Any] | None = None  # fields of `Inputs` that changed
    changes: tuple[Change, ...] | None = None  # what the script did
    fade: FadeStart | None = None
    networks: dict[Slot, RecordedNetwork] | None = None


@dataclass(frozen=True)
class Frame:
    """One frame, complete."""

    time: float  # real time since the start of the take, this frame's `elapsed` included [s]
    instant: Instant
    params: Params
    changes: tuple[Change, ...] = ()
    fade: FadeStart | None = None
    networks: dict[Slot, RecordedNetwork] = field(default_factory=dict)


@dataclass(frozen=True)
class Take:
    """A whole take in memory."""

    header: Header
    frames: tuple[Frame, ...]
    is_cut_short: bool  # the recording program ended without closing the file

    @property
    def seconds(self) -> float:
        """From the first frame to the last [s]."""
        return self.frames[-1].time - self.frames[0].time if self.frames else 0.0

    @property
    def rate(self) -> float:
        """Frames a second on average."""
        count = len(self.frames) - 1
        return count / self.seconds if count > 0 and self.seconds > 0 else 60.0


def read_take(path: Path) -> Take:
    """Read a take; one that was cut short is read up to there.

    Raises:
        ConfigError: naming the file, and the line that is wrong.
    """
    try:
        with path.open("rb") as file:
            return _read(path, file)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error


def _read(path: Path, file: Any) -> Take:
    lines = _lines(path, file)
    first = next(lines, None)
    if first is None:
        raise ConfigError(f"{path} is not a take: it is empty")
    header = _decode(first, Header, f"{path}, line 1")
    if header.sgview_take != VERSION:
        raise ConfigError(
            f"{path}: version {header.sgview_take} is not one this program reads ({VERSION}); "
            "it may be from a newer sgview"
        )
    frames: list[Frame] = []
    frame = Frame(0.0, Instant(0.0), header.params, networks=header.networks)
    is_cut_short = False
    for number, text in enumerate(lines, 2):
        if text is None:
            is_cut_short = True
            break
        where = f"{path}, line {number}"
        frame = _next(frame, _decode(text, Line, where), where)
        frames.append(frame)
        if len(frames) > MOST_FRAMES:
            raise ConfigError(f"{path} holds more than {MOST_FRAMES} frames")
    if not frames:
        raise ConfigError(f"{path} holds no frames")
    return Take(header, tuple(frames), is_cut_short)


def _next(before: Frame, line: Line, where: str) -> Frame:
    """Return the frame that a line makes of the one before it."""
    old = before.instant
    try:
        inputs = old.inputs if line.inputs is None else _changed(old.inputs, line.inputs)
        params = before.params if line.params is None else _changed(before.params, line.params)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}: {error}") from error
    instant = Instant(
        t=line.t,
        dt=line.dt,
        elapsed=line.elapsed,
        beat=line.beat,
        bpm=old.bpm if line.bpm is None else line.bpm,
        inputs=inputs,
    )
    return Frame(
        time=before.time + line.elapsed,
        instant=instant,
        params=params,
        changes=before.changes if line.changes is None else line.changes,
        fade=line.fade,
        networks=before.networks if line.networks is None else line.networks,
    )


def _changed(struct: Any, fields: dict[str, Any]) -> Any:
    unknown = fields.keys() - set(struct.__struct_fields__)
    if unknown:
        raise msgspec.ValidationError(f"unknown field {', '.join(sorted(unknown))}")
    new = msgspec.convert(fields, type(struct))
    return replace(struct, **{name: getattr(new, name) for name in fields})


def _decode(text: bytes | None, kind: Any, where: str) -> Any:
    if text is None:
        raise ConfigError(f"{where}: the file ends in the middle")
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{where}: {error}") from error


def _lines(path: Path, file: Any) -> Iterator[bytes | None]:
    """Yield lines; None at last where the file was cut short or is damaged."""
    start = file.read(4)
    file.seek(0)
    if start != b"\x28\xb5\x2f\xfd":
        raise ConfigError(f"{path} is not a take: it is not compressed by Zstandard")
    decompressor = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj()
    pending = bytearray()
    while compressed := file.read(AT_ONCE):
        try:
            pending += decompressor.decompress(compressed)
        except zstandard.ZstdError:
            yield None
            return
        *whole, rest = pending.split(b"\n")
        pending = bytearray(rest)
        if max(map(len, (*whole, rest))) > LONGEST_LINE:
            raise ConfigError(f"{path} is not a take: a line has more than {LONGEST_LINE} bytes")
        yield from (bytes(line) for line in whole if line.strip())
        if decompressor.eof:
            break
    if pending.strip() or not decompressor.eof:
        yield None
