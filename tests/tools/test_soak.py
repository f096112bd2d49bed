"""What a soak does is the same for the same seed, and a leak is found."""

import sys
import time
from pathlib import Path

import pytest

from sgview.state import commands as c
from sgview.state.params import Params
from sgview.state.status import Status
from tools.soaking import kills
from tools.soaking.deeds import Performer
from tools.soaking.gauges import Sample, judge, table, take_sample
from tools.soaking.kills import Losses, kill_at_random


class Stage:
    """Does nothing, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.params, self.status = Params(), Status()
        self.asked: list[c.Command] = []
        self.sizes: list[tuple[int, int]] = []

    def ask(self, command: c.Command) -> None:
        self.asked.append(command)

    def resize(self, width: int, height: int) -> None:
        self.sizes.append((width, height))


def perform(seed: int, folder: Path) -> Stage:
    performer, stage = Performer(seed, [folder / "a.pkl"], folder, 0, True), Stage()
    for _ in range(400):
        performer.do(stage)
    assert sum(performer.done.values()) == 400
    assert len(performer.done) > 15
    performer.close()
    return stage


def test_a_show_is_told_by_its_seed(tmp_path: Path) -> None:
    first, again, other = (perform(seed, tmp_path) for seed in (1, 1, 2))
    assert first.asked == again.asked
    assert first.params == again.params
    assert first.sizes == again.sizes
    assert first.asked != other.asked
    assert {c.LoadNetwork, c.SaveLook, c.ToggleTake, c.SaveSnapshot} <= set(map(type, first.asked))


def sample(minute: int, **values: float) -> Sample:
    plain = {"memory": 600.0, "vram": 0.0, "objects": 300_000, "descriptors": 14, "threads": 17}
    return Sample(minute * 60.0, minute * 900, minute * 500, **{**plain, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "field", "slope"),
    [
        ("memory", "memory", 5.0),
        ("VRAM", "vram", 4.0),
        ("objects", "objects", 2000),
        ("descriptors", "descriptors", 1),
        ("threads", "threads", 1),
    ],
)
def test_a_leak_is_found(name: str, field: str, slope: float) -> None:
    flat = [sample(minute, memory=600.0 + 9 * (minute % 3)) for minute in range(30)]
    assert all(verdict.is_flat for verdict in judge(flat))
    growing = [sample(minute, **{field: 1000 + slope * minute}) for minute in range(30)]
    assert [v.name for v in judge(growing) if not v.is_flat] == [name]
    warming = [sample(m, **{field: 1000 + slope * min(m, 8)}) for m in range(30)]
    assert all(verdict.is_flat for verdict in judge(warming))
    assert judge(flat[:2]) == []
    assert len(table(growing).splitlines()) < 16


def test_this_process_is_measured() -> None:
    now = take_sample(1.0, 2, 3)
    assert now.memory > 10 and now.objects > 1000 and now.descriptors > 2 and now.threads > 0


def test_a_program_that_does_not_start_is_no_kill(tmp_path: Path) -> None:
    losses: Losses = kill_at_random(2, 0, ["false"], tmp_path, 0.0)
    assert losses.kills == 0
    assert len(losses.ended) == 2


PROGRAM = """
import sys, time
from pathlib import Path
from sgview.app.session_file import encode
from sgview.state.params import Params
from sgview.state.session import Session
folder = Path(sys.argv[1])
(folder / "shots").mkdir(exist_ok=True)
(folder / "shots" / f"{time.time_ns()}.png").write_bytes(b"no picture")
(folder / "presets.toml").write_text("psi = [")
(folder / "state" / "sgview").mkdir(parents=True, exist_ok=True)
(folder / ".sgview-draft").write_text("")
session = Session(params=Params(sliders={"soak": time.time() - float(sys.argv[2])}))
written = folder / "state" / "sgview" / "session.json"
written.with_suffix(".draft").write_text(encode(session))
written.with_suffix(".draft").replace(written)
time.sleep(60)
"""


def test_what_a_killed_program_left_unreadable_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kills, "SHORTEST", 0.0)
    monkeypatch.setattr(kills, "LONGEST", 0.1)
    epoch = time.time()
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), str(epoch)]
    losses = kill_at_random(2, 0, command, tmp_path, epoch)
    assert losses.kills == 2 and len(losses.session) == 2
    assert losses.read == {"pictures": 2, "presets and looks": 1}
    assert losses.drafts == 1 and losses.reports == 0
    for name in (".png", "presets.toml"):
        assert any(name in text for text in losses.unreadable)
