"""Films that ended too early: how many pictures play, and joining the rest without encoding again.

A film is a row of groups of pictures, each of which begins with a key frame and needs nothing
before it. All but the last are whole, however the program ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sgview.outputs.video import OutputError, rate_of

if TYPE_CHECKING:
    import av

Part = tuple[Path, int]
"""A film, and how many of its first pictures are wanted."""


def count_pictures(path: Path) -> int:
    """Return how many pictures of a film can be decoded; 0 where there is no film."""
    whole, last = _groups(path)
    return whole + _decoded(path, last)


def count_whole(path: Path) -> int:
    """Return how many pictures lie in groups that are certainly whole: all but the last."""
    return _groups(path)[0]


def join(parts: Sequence[Part], target: Path, fps: float) -> None:
    """Write films one after the other into `target`, as they are encoded.

    Args:
        parts: of one size and encoding, and of the container that `target` is.
        target: replaced if it is there.
        fps: of all [pictures/s].

    Raises:
        OutputError: if they do not fit together, or the disk does not take it.
    """
    from sgview.outputs.film_joiner import FilmJoiner

    orders = [_order(path, count) for path, count in parts]
    # Pictures that wait for later ones are sent so much earlier than they are shown.
    delay = max((k - shown for order in orders for k, shown in enumerate(order)), default=0)
    try:
        with FilmJoiner(target, rate_of(fps), grows=True, from_zero=False) as film:
            for (path, _), order in zip(parts, orders, strict=True):
                with _opened(path) as source:
                    if len(source.streams) > 1:
                        raise OutputError(f"{path} holds sound too, which cannot go on")
                    stream, times = _video(source), enumerate(order)
                    if film.stream is not None:
                        _check_fit(film.stream, stream, path)
                    packets = zip(_packets(source), times, strict=False)
                    film.write(stream, ((p, shown, sent - delay) for p, (sent, shown) in packets))
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error


def _order(path: Path, count: int) -> list[int]:
    """Return when each of the first pictures is shown, in the order in which they are sent."""
    with _opened(path) as source:
        times = [packet.pts for packet, _ in zip(_packets(source), range(count), strict=False)]
    places = {time: place for place, time in enumerate(sorted(times))}
    return [places[time] for time in times]


def _groups(path: Path) -> tuple[int, list[Any]]:
    """Return how many pictures there are before the last key frame, and the packets from there.

    A key frame counts if all pictures before it are shown before it.
    """
    from av.error import FFmpegError

    whole, latest = 0, -1
    last: list[Any] = []
    try:
        with _opened(path) as source:
            for packet in _packets(source):
                if packet.is_keyframe and packet.pts > latest:
                    whole, last = whole + len(last), []
                latest = max(latest, packet.pts)
                last.append(packet)
    except (FFmpegError, OSError, OutputError):  # it ends there
        pass
    return whole, last


def _decoded(path: Path, packets: list[Any]) -> int:
    """Return how many pictures come of the last packets."""
    from av.error import FFmpegError

    count = 0
    try:
        with _opened(path) as source:
            context = _video(source).codec_context
            for packet in [*packets, None]:
                count += len(context.decode(packet))
    except (FFmpegError, OSError, OutputError):
        pass
    return count


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import av

    with av.open(str(path)) as source:
        if not source.streams.video:
            raise OutputError(f"{path} holds no pictures")
        yield source


def _video(source: Any) -> av.VideoStream:
    return cast("av.VideoStream", source.streams.video[0])


def _packets(source: Any) -> Iterator[Any]:
    """Yield what is sent, without the empty packet at the end."""
    return (packet for packet in source.demux(_video(source)) if packet.size)


def _check_fit(first: av.VideoStream, other: av.VideoStream, path: Path) -> None:
    """Refuse what a player could not go on with.

    Raises:
        OutputError: saying so.
    """
    a, b = first.codec_context, other.codec_context
    size, wanted = (b.width, b.height), (a.width, a.height)
    if size != wanted:
        raise OutputError(f"{path} has pictures of {size[0]} × {size[1]} px, not {wanted}")
    if bytes(a.extradata or b"") != bytes(b.extradata or b""):
        raise OutputError(f"{path} is encoded in another way: begin again with --force")
