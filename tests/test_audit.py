"""What reading a file does, as Python itself sees it: the file is opened, and nothing else.

An audit hook cannot be removed again, so each program that has one is a process of its own.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sgview.app.session_file import encode
from sgview.outputs.snapshot import save_snapshot
from sgview.state.params import Params
from sgview.state.presets import save_preset
from sgview.state.session import Session
from tests.support import DATA, ROOT

AUDITED = """
import json, os, sys
from pathlib import Path

import sgview.app.recent, sgview.app.session_file, sgview.outputs.snapshot, sgview.settings
import sgview.show.look_files, sgview.show.takes.take, sgview.state.presets
import stylegan3.checkpoints.reading
from sgview.show.takes.take import read_take
from sgview.state.validation import ConfigError
from stylegan3.checkpoints import CheckpointError, read

def settings(path):
    return sgview.settings.load_settings(path, use_user_config=False)

READERS = {
    "checkpoint": read, "take": read_take, "preset": sgview.state.presets.load_preset,
    "look": sgview.show.look_files.read, "settings": settings,
    "session": sgview.app.session_file.load_session,
    "recent": sgview.app.recent.RecentFiles,
    "snapshot": sgview.outputs.snapshot.load_snapshot_params,
}
QUIET = ("object.__", "sys._getframe", "code.__new__", "array.__new__", "builtins.id", "gc.",
         "sys._current", "sys.unraisablehook", "sys.excepthook", "os.putenv", "cpython.")
seen, watching = [], [""]

def hook(event, arguments):
    if watching[0] and not event.startswith(QUIET):
        if event == "open" and str(arguments[0]) == watching[0]:
            return
        seen.append([watching[0], event, str(arguments[:1])[:200]])

def load(kind, path):
    try:
        READERS[kind](Path(path))
    except (ConfigError, CheckpointError):
        pass

jobs = json.load(sys.stdin)
for kind, path in jobs["warm"]:  # what libraries import at their first use
    load(kind, path)
sys.addaudithook(hook)
for kind, path in jobs["read"]:
    watching[0] = str(path)
    load(kind, path)
    watching[0] = ""
watching[0] = "alive"
os.system("true")  # the hook works
watching[0] = ""
print(json.dumps(seen))
"""


def events(warm: list[tuple[str, Path]], read: list[tuple[str, Path]]) -> list[list[str]]:
    """Return (file, event, first argument) of what else happened while files were read."""
    text = json.dumps({"warm": warm, "read": read}, default=str)
    done = subprocess.run(
        [sys.executable, "-c", AUDITED], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen.pop()[:2] == ["alive", "os.system"]
    return seen


@pytest.fixture
def files(tmp_path: Path) -> list[tuple[str, Path]]:
    """Good files and bad ones, by who reads them."""
    (tmp_path / "a.look").mkdir()
    look = tmp_path / "a.look" / "mine.toml"
    save_preset(Params(), look)
    save_snapshot(look.with_suffix(".png"), _picture(), Params())
    session, recent = tmp_path / "session.json", tmp_path / "recent.json"
    session.write_text(encode(Session()))
    recent.write_text('["/a.pkl"]')
    evil = tmp_path / "evil.pkl"
    evil.write_bytes(b"\x80\x02cposix\nsystem\nX\x04\x00\x00\x00true\x85R.")
    code = tmp_path / "code.toml"
    code.write_text("[bindings]\n\"noise.offset\" = \"__import__('os').system('true')\"\n")
    checkpoints = [*DATA.glob("*.pkl"), *DATA.glob("*.pt"), *(DATA / "faults/hostile").iterdir()]
    return [
        *(("checkpoint", path) for path in [*checkpoints, evil]),
        *(("take", path) for path in sorted((DATA / "faults" / "takes").iterdir())),
        *(("preset", path) for path in [*sorted((ROOT / "configs/looks").rglob("*.toml")), code]),
        ("settings", ROOT / "configs" / "default.toml"),
        ("session", session),
        ("recent", recent),
        ("snapshot", look.with_suffix(".png")),
    ]


def _picture():
    import numpy as np

    return np.zeros((4, 4, 4), np.uint8)


def test_reading_a_file_opens_that_file_and_does_nothing_else(
    files: list[tuple[str, Path]],
) -> None:
    assert len(files) > 30
    assert events(files, files) == []


def test_a_look_opens_its_thumbnail_too(tmp_path: Path) -> None:
    look = tmp_path / "mine.toml"
    save_preset(Params(), look)
    save_snapshot(look.with_suffix(".png"), _picture(), Params())
    seen = events([("look", look)], [("look", look)])
    assert {event for _, event, _ in seen} == {"open"}
    assert all("mine.png" in first for *_, first in seen)
