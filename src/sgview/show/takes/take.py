"""What a take holds, and reading it.

A take is a file of JSON lines compressed by Zstandard: a header with the state at the start, then a
line a frame that says only what changed. Nothing in it is executed: what a script did is recorded
as its changes, not as its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import zstandard
from msgspec import Meta
from msgspec.structs import replace

from sgview.show.script_frame import Change, apply_changes
from sgview.signals.incoming import Instant
from sgview.state.morph import Easing
from sgview.state.networks import Slot
from sgview.state.params import Node, Params
from sgview.state.travel import TravelState
from sgview.state.validation import ConfigError, refuse_numbers

VERSION = 2  # 1: positions were speed times t
LONGEST_LINE = 1_000_000  # [bytes]
MOST_UNPACKED = 2_000_000_000  # [bytes]
FACTOR, ALLOWANCE = 2000, 8_000_000
"""A file unpacks to at most so many times its size and so many bytes more.

Fifty edits of which one moves are written whole in every frame, and pack to a 700th."""
FEWEST_FRAMES = 10_000
"""A file may hold that many frames whatever its size, and one more for each of its bytes."""
AT_ONCE = 128  # read at once: even of an archive bomb that is no more than 4 MB [bytes]
LONGEST_TAKE = 7 * 86400.0  # [s]
SLOWEST, FASTEST = 0.01, 1000.0  # of a film [pictures/s]
LAST = 1e9  # of t and beats, as of the clock

Time = Annotated[float, Meta(ge=-LAST, le=LAST)]  # [s]
Seconds = Annotated[float, Meta(ge=0, le=3600)]


class RecordedNetwork(Node, frozen=True):
    """A network that was playing."""

    path: str  # "": built in
    name: str


class FadeStart(Node, frozen=True):
    """A recall that began at this frame."""

    seconds: Seconds
    easing: Easing


class FadeUnderWay(Node, frozen=True):
    """A crossfade that had begun before the take."""

    origin: Params
    since: Time  # the start of the take, when it began; negative [s]
    seconds: Annotated[float, Meta(gt=0, le=3600)]
    easing: Easing


class Header(Node, frozen=True):
    """The first line."""

    sgview_take: int = VERSION
    created: str = ""
    params: Params = Params()  # as they were set
    shown: Params = Params()  # what played in the frame before
    fade: FadeUnderWay | None = None
    networks: dict[Slot, RecordedNetwork] = msgspec.field(default_factory=dict)
    travel: TravelState | None = None  # where what moves had come to; None: nothing played before


class Line(Node, frozen=True, omit_defaults=True):
    """One frame as it is written: `None` says as before."""

    t: Time  # [s]
    elapsed: Annotated[float, Meta(ge=0, le=LONGEST_TAKE)] = 0.0  # since the frame before [s]
    dt: Annotated[float, Meta(ge=-2 * LAST, le=2 * LAST)] = 0.0
    beat: Time = 0.0
    bpm: Annotated[float, Meta(ge=0, le=1e6)] | None = None
    params: dict[str, Any] | None = None  # fields of `Params` that changed
    inputs: dict[str, Any] | None = None  # fields of `Inputs` that changed
    changes: tuple[Change, ...] | None = None  # what the script did
    fade: FadeStart | None = None
    networks: dict[Slot, RecordedNetwork] | None = None
    restarts: Annotated[tuple[str, ...], Meta(max_length=64)] = ()  # as in `Instant`


@dataclass(frozen=True, slots=True)
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
    is_cut_short: bool  # the recording program ended without closing the file, or it is damaged

    @property
    def seconds(self) -> float:
        """From the first frame to the last [s]."""
        return self.frames[-1].time - self.frames[0].time if self.frames else 0.0

    @property
    def rate(self) -> float:
        """Frames a second on average."""
        count = len(self.frames) - 1
        rate = count / self.seconds if count > 0 and self.seconds > 1e-6 else 60.0
        return min(max(rate, SLOWEST), FASTEST)


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
    except ValueError as error:  # a name with a NUL
        raise ConfigError(f"{str(path)!r} cannot be read: {error}") from error


def _read(path: Path, file: BinaryIO) -> Take:
    size = file.seek(0, 2)
    file.seek(0)
    lines = _lines(path, file)
    first = next(lines, None)
    if first is None:
        raise ConfigError(f"{path} is not a take: it is empty")
    header = _decode(first, Header, f"{path}, line 1")
    for struct in (header.params, header.shown, header.travel, header.fade and header.fade.origin):
        refuse_numbers(msgspec.to_builtins(struct), f"{path}, line 1")
    if not 1 <= header.sgview_take <= VERSION:
        raise ConfigError(
            f"{path}: version {header.sgview_take} is not one this program reads "
            f"(1 to {VERSION}); "
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
        if frame.time > LONGEST_TAKE:
            raise ConfigError(f"{where}: a take is at most {LONGEST_TAKE / 3600:.0f} hours long")
        if len(frames) > FEWEST_FRAMES + size:
            raise ConfigError(f"{where}: the file holds more frames than a take of {size} bytes")
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
    if line.params is not None:
        refuse_numbers(line.params, where)
    if line.changes is not None:
        _try_changes(params, line.changes, where)
    instant = Instant(
        t=line.t,
        dt=line.dt,
        elapsed=line.elapsed,
        beat=line.beat,
        bpm=old.bpm if line.bpm is None else line.bpm,
        inputs=inputs,
        restarts=line.restarts,
    )
    return Frame(
        time=before.time + line.elapsed,
        instant=instant,
        params=params,
        changes=before.changes if line.changes is None else line.changes,
        fade=line.fade,
        networks=before.networks if line.networks is None else line.networks,
    )


def _try_changes(params: Params, changes: tuple[Change, ...], where: str) -> None:
    try:
        apply_changes(params, changes)
    except (ValueError, LookupError) as error:
        cause = error.args[0] if error.args else error
        raise ConfigError(f"{where}: what a script did cannot be played: {cause}") from error


def _changed(struct: Any, fields: dict[str, Any]) -> Any:
    unknown = fields.keys() - set(struct.__struct_fields__)
    if unknown:
        raise msgspec.ValidationError(f"unknown field {', '.join(sorted(unknown))}")
    new = msgspec.convert(fields, type(struct))
    return replace(struct, **{name: _shared(struct, new, name) for name in fields})


def _shared(old: Any, new: Any, name: str) -> Any:
    """Return a field of `new`, with the edits that `old` has too held in memory once."""
    value = getattr(new, name)
    if name != "edits":
        return value
    before = {edit: edit for edit in old.edits}
    return tuple(before.get(edit, edit) for edit in value)


def _decode(text: bytes | None, kind: Any, where: str) -> Any:
    if text is None:
        raise ConfigError(f"{where}: the file ends in the middle")
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        # What msgspec says of half a surrogate pair is "truncated".
        is_surrogate = b"\\ud" in text.lower() and "truncated" in str(error)
        cause = "a text in it is no Unicode" if is_surrogate else str(error)
        raise ConfigError(f"{where}: {cause}") from error


def _lines(path: Path, file: BinaryIO) -> Iterator[bytes | None]:
    """Yield lines; None at last where the file was cut short or is damaged."""
    start = file.read(4)
    file.seek(0)
    if start != b"\x28\xb5\x2f\xfd":
        raise ConfigError(f"{path} is not a take: it is not compressed by Zstandard")
    decompressor = zstandard.ZstdDecompressor(max_window_size=2**23).decompressobj()
    line = Unfinished(path)
    packed = unpacked = 0
    while not decompressor.eof and (compressed := file.read(AT_ONCE)):
        try:
            data = decompressor.decompress(compressed)
        except zstandard.ZstdError:
            yield None
            return
        yield from line.take(data)
        packed += len(compressed)
        unpacked += len(data)
        if unpacked > min(FACTOR * packed + ALLOWANCE, MOST_UNPACKED):
            raise ConfigError(f"{path} is not a take: it unpacks to {unpacked} bytes and more")
    is_whole = decompressor.eof and not decompressor.unused_data and not file.read(1)
    if line.rest.strip() or not is_whole:
        yield None


class Unfinished:
    """What has come of a line so far; work is proportional to what comes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parts: list[bytes] = []
        self._size = 0

    @property
    def rest(self) -> bytes:
        """What has no end yet."""
        return b"".join(self._parts)

    def take(self, data: bytes) -> Iterator[bytes]:
        """Yield the lines that end in `data`, empty ones left out.

        Raises:
            ConfigError: if one is longer than any line of a take.
        """
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._add(end)
            line = self.rest
            self._parts, self._size = [], 0
            if line.strip():
                yield line
        self._add(rest)

    def _add(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > LONGEST_LINE:
            raise ConfigError(
                f"{self._path} is not a take: a line has more than {LONGEST_LINE} bytes"
            )
        if part:
            self._parts.append(part)
