"""Takes that no recorder wrote: one sentence each, at a cost in proportion to the file."""

import json
import time
import tracemalloc
from pathlib import Path

import pytest
import zstandard

from sgview.show.script_frame import ScriptFrame
from sgview.show.takes.recorder import TakeRecorder
from sgview.show.takes.replay import count, replay
from sgview.show.takes.take import ALLOWANCE, FASTEST, LONGEST_LINE, read_take
from sgview.signals.incoming import Instant
from sgview.state.params import Edit, Params
from sgview.state.validation import ConfigError
from tests.support import DATA

FAULTS = DATA / "faults" / "takes"
"""Small files that ended the program, or filled the memory, by name."""

SENTENCES = {
    "blend-list": r"line 2: .*: expected a number, not '\[1, 2\]'",
    "bomb-3M": "line [0-9]+: the file holds more frames than a take of 2098 bytes",
    "edit-dict": "line 2: .*: expected a number",
    "edit-str": "line 2: .*: expected a number, not 'abc'",
    "huge-t": r"line 2: Expected `float` <= 1000000000.0 - at `\$.t`",
    "inf-time": r"line 2: Expected `float` <= 604800.0 - at `\$.elapsed`",
    "long-time": r"line 3: Expected `float` <= 604800.0 - at `\$.elapsed`",
    "neg-time": r"line 3: Expected `float` >= 0.0 - at `\$.elapsed`",
    "node-bad": "line 2: .*: a change: noise.amplitude: expected float, got str",
    "node-unknown": "line 2: .*: a change: zzz: there is no such setting",
    "osc-bad": r"line 2: Expected `float`, got `str`",
    "set-list": "line 2: .*: noise.amplitude is a number",
    "set-null": "line 2: .*: noise.amplitude is a number",
    "surrogate": "line 2: a text in it is no Unicode",
}
PLAYED = ("badlayer", "eof-tail", "nul-path", "tiny-time")
"""What can be played, or is refused by those who open networks and show layers."""

HEAD = {"sgview_take": 1}


def write(path: Path, *lines: object) -> Path:
    packer = zstandard.ZstdCompressor().compressobj()
    with path.open("wb") as file:
        for line in lines:
            text = line if isinstance(line, str) else json.dumps(line)
            file.write(packer.compress(text.encode() + b"\n"))
        file.write(packer.flush())
    return path


def cost(path: Path) -> tuple[str, float, int]:
    """Read a take: what was said, processor time [s], peak of the memory [bytes]."""
    tracemalloc.start()
    start = time.process_time()
    said = ""
    try:
        read_take(path)
    except ConfigError as error:
        said = str(error)
    seconds = time.process_time() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return said, seconds, peak


def test_each_file_is_known() -> None:
    names = {path.name.partition(".")[0] for path in FAULTS.iterdir()}
    assert names == {*SENTENCES, *PLAYED}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_damaged_take_is_one_sentence(name: str) -> None:
    path = FAULTS / f"{name}.jsonl.zst"
    with pytest.raises(ConfigError, match=SENTENCES[name]) as caught:
        read_take(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", PLAYED)
def test_what_can_be_played_is(name: str) -> None:
    take = read_take(FAULTS / f"{name}.jsonl.zst")
    assert take.is_cut_short == (name == "eof-tail")
    assert len(list(replay(take))) == len(take.frames)
    assert 0 < take.rate <= FASTEST
    assert count(take, 60.0) <= 61


@pytest.mark.parametrize("name", [*SENTENCES, *PLAYED])
def test_small_files_cost_little(name: str) -> None:
    _, seconds, peak = cost(FAULTS / f"{name}.jsonl.zst")
    assert seconds < 5.0  # a tenth of it on a quiet machine, without the tracing
    assert peak < 50e6


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"t": 0, "x": "' + "x" * 16_000_000 + '"}', "a line has more than"),
        ("[" * 900_000, "line 2"),
        (" " * 900_000, "holds no frames"),
        ('{"t": 0, "networks": {' + '"a": 1, ' * 100_000 + '"a": 1}}', "line 2"),
    ],
)
def test_a_long_line_costs_its_length(tmp_path: Path, line: str, message: str) -> None:
    said, seconds, peak = cost(write(tmp_path / "a.zst", HEAD, line))
    assert message in said
    assert seconds < 5.0
    assert peak < 50e6


def test_a_line_may_come_in_many_pieces(tmp_path: Path) -> None:
    import random

    words = random.Random(1).sample(range(10**15), 50_000)  # packs badly: thousands of reads
    line = {"t": 0, "params": {"bindings": {"noise.offset": " ".join(map(str, words))}}}
    path = write(tmp_path / "a.zst", HEAD, line)
    assert LONGEST_LINE * 0.7 < len(json.dumps(line)) < LONGEST_LINE
    start = time.process_time()
    assert read_take(path).frames[0].params.bindings
    assert time.process_time() - start < 2.0


def test_what_a_file_unpacks_to_has_a_factor(tmp_path: Path) -> None:
    lines = [HEAD, *([" " * 900_000] * (ALLOWANCE // 900_000 + 100))]
    said, _, peak = cost(write(tmp_path / "a.zst", *lines))
    assert "unpacks to" in said
    assert peak < 50e6


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"t": 0, "fade": {"seconds": -1, "easing": "smooth"}}, "fade.seconds"),
        ({"t": 0, "fade": {"seconds": 1e300, "easing": "smooth"}}, "fade.seconds"),
        ({"t": 0, "beat": 1e300}, "beat"),
        ({"t": 0, "dt": 1e300}, "dt"),
        ({"t": 0, "bpm": -1}, "bpm"),
        ({"t": 0, "params": {"playback": {"speed": 1e300}}}, "playback.speed: expected a number"),
        ({"t": 0, "changes": [["blend", "L3", 1e300]]}, "expected a number between"),
        ({"t": 0, "changes": [["set", "playback.speed", {}]]}, "playback.speed is a number"),
        ({"t": 0, "changes": [["node", "playback", {"speed": 1e300}]]}, "playback.speed"),
    ],
)
def test_numbers_of_no_use_are_refused(tmp_path: Path, frame: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_take(write(tmp_path / "a.zst", HEAD, frame))


@pytest.mark.parametrize("fade", [{"seconds": 0}, {"seconds": 1, "since": 1e300}])
def test_a_fade_under_way_has_a_length(tmp_path: Path, fade: dict) -> None:
    fade = {"origin": {}, "since": 0, "easing": "smooth", **fade}
    with pytest.raises(ConfigError, match="line 1"):
        read_take(write(tmp_path / "a.zst", {**HEAD, "fade": fade}, {"t": 0}))


def test_a_rich_performance_fits_the_bounds(tmp_path: Path) -> None:
    """Fifty edits of which one moves in every frame: the largest lines with the least news."""
    edits = tuple(Edit(tensor=f"synthesis.L{n}_36_512.affine.weight") for n in range(50))
    path = tmp_path / "a.zst"
    recorder = TakeRecorder(path, Params(edits=edits), _resolver(), {})
    for n in range(2000):
        moved = (Edit(tensor=edits[0].tensor, amount=n / 7), *edits[1:])
        recorder.record(Params(edits=moved), Instant(n / 60, elapsed=1 / 60), (), {})
    recorder.close()
    assert not recorder.problem
    assert len(read_take(path).frames) == 2000


def test_what_a_script_sets_by_numpy_can_be_recorded(tmp_path: Path) -> None:
    import numpy as np

    frame = ScriptFrame(Params(), Instant(0.0))
    frame.set("noise.amplitude", np.float32(0.5))
    frame.edit_layer_by_name("mapping.w_avg", np.float32(2.0))
    recorder = TakeRecorder(tmp_path / "a.zst", Params(), _resolver(), {})
    recorder.record(Params(), Instant(0.0), tuple(frame.changes), {})
    recorder.close()
    assert not recorder.problem
    assert len(read_take(tmp_path / "a.zst").frames[0].changes) == 2


def _resolver():
    from sgview.show.resolver import Resolver

    return Resolver()
