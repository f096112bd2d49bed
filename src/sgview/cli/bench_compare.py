"""What got slower or faster since an earlier `sgview bench --json`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from sgview.cli.bench_report import Report, Result
from sgview.state.validation import ConfigError

WORSE = 1.03
"""How many times as long something takes that is said to be slower."""
_LIMIT = 16 * 2**20  # [bytes] of a report


class Change(Struct, frozen=True):
    """One figure in both reports; less is better."""

    network: str
    what: str
    before: float
    now: float
    unit: str

    @property
    def ratio(self) -> float:
        """How many times as much it is."""
        return self.now / self.before

    @property
    def is_slower(self) -> bool:
        """Whether it is to be looked at."""
        return self.ratio >= WORSE


def read_report(path: Path) -> Report:
    """Read what `sgview bench --json` printed.

    Raises:
        ConfigError: if there is no such file, or it holds something else.
    """
    try:
        if path.stat().st_size > _LIMIT:
            raise ConfigError(f"{path} is too large to be a report of `sgview bench --json`")
        return msgspec.json.decode(path.read_bytes(), type=Report)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is no report of `sgview bench --json`: {error}") from error


def changes(before: Report, now: Report) -> list[Change]:
    """Return the figures that both have of the same networks.

    On a processor that is the time over the floor measured beside it, where both have that: other
    programs slow both. The picture's error is one of the figures.
    """
    old = {result.network: result for result in before.results}
    return [
        Change(result.network, what, was, now_is, unit)
        for result in now.results
        if result.network in old
        for what, was, now_is, unit in _figures(old[result.network], result)
        if was > 0
    ]


def format_changes(before: Report, now: Report, found: list[Change]) -> str:
    """Return a table of the changes, those that are slower marked."""
    lines = [f"compared with {before.commit or 'an unnamed commit'}, {before.device}"]
    if before.device != now.device or before.machine != now.machine:
        lines.append("another machine or setting: the figures do not compare")
    for change in found:
        mark = "  SLOWER" if change.is_slower and change.what != "error" else ""
        mark = "  WORSE" if change.is_slower and change.what == "error" else mark
        lines.append(
            f"{change.network:<24}{change.what:<34}{change.before:>10.4g} ->{change.now:>10.4g}"
            f" {change.unit:<6}{change.ratio:>7.3f}{mark}"
        )
    if not found:
        lines.append("no network is in both")
    return "\n".join(lines)


def _figures(before: Result, now: Result) -> Iterator[tuple[str, float, float, str]]:
    if before.floor is not None and now.floor is not None:
        yield "picture", before.floor.times_floor, now.floor.times_floor, "floors"
    else:
        yield "picture", before.median_ms, now.median_ms, "ms"
    if before.error is not None and now.error is not None:
        yield "error", before.error, now.error, ""
    for name in before.layers.keys() & now.layers.keys():
        yield name, before.layers[name], now.layers[name], "us"
    if before.engine is not None and now.engine is not None:
        scenes = {scene.scene: scene for scene in before.engine.scenes}
        for scene in now.engine.scenes:
            if scene.scene in scenes:
                yield f"engine, {scene.scene}", scenes[scene.scene].wall_ms, scene.wall_ms, "ms"
