"""The session: what is written, when, and what a damaged file does."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sgview.app import session_file
from sgview.app.session_file import SAVE_EVERY, SessionFile, before, encode, load_session
from sgview.app.session_place import NAME, SessionPlace, free_session
from sgview.state.params import Blend, Edit, Mapping, Params
from sgview.state.session import Session, Surroundings
from sgview.state.sound import Sound
from sgview.state.validation import ConfigError
from tests.support.at_once import AtOnce
from tests.support.disk import full_disk
from tests.support.until import LIMIT

RICH = Session(
    params=Params(
        edits=(Edit(tensor="x", expression="sin(t)", channels=(0, 4)),),
        blend=Blend(amounts={"L3": 0.25}),
        bindings={"noise.amplitude": "1 + sin(t)"},
        sliders={"energy": 0.75},
    ),
    surroundings=Surroundings(
        networks={"a": "/a.pkl", "b": ""},
        t=12.5,
        sound=Sound(source="file", file="/x.wav"),
        bpm=133.0,
    ),
)


def psi(value: float) -> Session:
    return Session(params=Params(mapping=Mapping(truncation_psi=value)))


def test_everything_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "state" / "session.json"
    file = SessionFile(path, time.monotonic)
    file.close(RICH)
    assert load_session(path) == RICH
    assert [entry.name for entry in path.parent.iterdir()] == ["session.json"]


def test_is_written_when_it_changed_and_not_more_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_file, "ThreadPoolExecutor", AtOnce)
    clock = [0.0]
    path = tmp_path / "session.json"
    file = SessionFile(path, lambda: clock[0])
    made = []

    def poll(seconds: float, session: Session) -> None:
        clock[0] += seconds
        file.poll(lambda: made.append(session) or session)

    poll(SAVE_EVERY - 0.1, psi(1))
    assert not made
    poll(0.2, psi(1))
    assert load_session(path) == psi(1)
    before = path.stat().st_ino
    poll(SAVE_EVERY + 0.1, psi(1))
    assert len(made) == 2
    assert path.stat().st_ino == before
    poll(0.5, psi(2))
    assert load_session(path) == psi(1)
    poll(SAVE_EVERY, psi(3))
    assert load_session(path) == psi(3)
    file.close()


def test_one_that_was_deleted_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    now = 0.0
    session = SessionFile(path, lambda: now)
    for _ in range(2):
        now += SAVE_EVERY
        session.poll(lambda: RICH)
        session._task.result()  # type: ignore[union-attr]
        path.unlink()
    session.close(RICH)
    assert load_session(path) == RICH


def test_the_session_before_is_kept(tmp_path: Path) -> None:
    path = tmp_path / NAME
    SessionFile(path, time.monotonic).close(psi(1))
    SessionFile(path, time.monotonic).close(psi(2))
    assert load_session(path) == psi(2)
    assert load_session(before(path)) == psi(1)


def test_a_folder_that_cannot_be_written_costs_the_session_only(tmp_path: Path, caplog) -> None:
    (tmp_path / "file").write_text("")
    file = SessionFile(tmp_path / "file" / "session.json", time.monotonic)
    file.close(psi(1))
    assert file.problem
    assert "cannot be written" in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not valid JSON"),
        ("[]", "must hold one table"),
        ('{"params": 3}', "params: expected a table"),
        ('{"params": {"noise": {"perod": 1}}}', "noise.perod"),
        ('{"version": 99}', "version 99"),
        ('{"surroundings": {"t": "x"}}', "surroundings.t: expected float, got str"),
        ('{"surroundings": {"networks": {"c": "x"}}}', "networks"),
        ('{"params": {"noise": {"amplitude": NaN}}}', "expected a finite number"),
        (encode(RICH)[:200], "is not valid JSON"),
    ],
)
def test_a_damaged_session_is_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "session.json"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_session(path)


@given(st.data())
def test_any_damage_gives_a_session_or_one_sentence(tmp_path_factory, data) -> None:
    text = bytearray(encode(RICH).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damage") / "session.json"
    path.write_bytes(bytes(text))
    try:
        assert isinstance(load_session(path), Session)
    except ConfigError as error:
        assert str(path) in str(error)


def test_a_disk_that_is_full_for_a_while_costs_no_session(tmp_path: Path) -> None:
    clock = [0.0]
    file = SessionFile(tmp_path / NAME, lambda: clock[0])

    def poll() -> None:
        clock[0] += SAVE_EVERY + 0.1
        file.poll(lambda: psi(1))
        if file._task is not None:
            file._task.result()

    with full_disk(10):
        poll()
        assert file.problem.startswith(f"{tmp_path / NAME} cannot be written")
    poll()  # what is wanted has not changed, and is written all the same
    assert not file.problem
    assert load_session(tmp_path / NAME) == psi(1)
    file.close()


def test_programs_that_run_together_have_sessions_of_their_own(tmp_path: Path) -> None:
    with SessionPlace(tmp_path) as first, SessionPlace(tmp_path) as second:
        assert (first.path, first.is_first) == (tmp_path / NAME, True)
        assert (second.path, second.is_first) == (tmp_path / "session-2.json", False)
        assert free_session(tmp_path) == tmp_path / "session-3.json"
    assert free_session(tmp_path) == tmp_path / NAME


def test_a_program_that_was_killed_keeps_no_session_from_the_next(tmp_path: Path) -> None:
    code = "import sys, time; from pathlib import Path\n"
    code += "from sgview.app.session_place import SessionPlace\n"
    code += "place = SessionPlace(Path(sys.argv[1])); print(place.path, flush=True); time.sleep(60)"
    command = [sys.executable, "-c", code, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == str(tmp_path / NAME)
        assert free_session(tmp_path) == tmp_path / "session-2.json"
        process.kill()
    assert free_session(tmp_path) == tmp_path / NAME


def test_a_folder_that_takes_no_locks_has_the_first_session(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with SessionPlace(tmp_path / "file") as place:
        assert place.is_first


WRITER = """
import sys, time
from pathlib import Path
from sgview.app.session_file import SessionFile
from sgview.state.session import Session
from sgview.state.params import Mapping, Params
psi = 0.0  # how many seconds it has been playing; what other programs take does not count
file = SessionFile(Path(sys.argv[1]), lambda: psi)
while True:
    psi += 0.01
    file.poll(lambda: Session(params=Params(mapping=Mapping(truncation_psi=psi))))
    print(psi, flush=True)
    time.sleep(0.01)
"""


def test_a_killed_program_loses_at_most_five_seconds(tmp_path: Path) -> None:
    path = tmp_path / "session.json"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        last = 0.0
        while last < 2 * SAVE_EVERY + 0.9:
            last = float(process.stdout.readline())
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(timeout=LIMIT)
        process.stdout.close()
    assert last - load_session(path).params.mapping.truncation_psi < 5.0
    assert json.loads(path.read_text())["version"]
