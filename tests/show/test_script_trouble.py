"""Nothing that a script does ends or freezes the show."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from sgview.show import script as script_module
from sgview.show.script import LIMIT, Script
from sgview.show.script_thread import MOST_LEFT_BEHIND, OverrunError, ScriptThread
from sgview.signals.incoming import Instant
from sgview.state.params import Params
from tests.support.until import until

NOW = Instant(t=2.0)
GENEROUS = 5.0  # a frame on a busy machine, when the script sleeps or loops for ever [s]

LOOP = "def frame(play):\n    while play.t > 1:\n        pass\n"
STUBBORN = """
import time
end = time.monotonic() + 5  # or it would be in the way of other tests
def frame(play):
    while time.monotonic() < end:
        try:
            while time.monotonic() < end:
                pass
        except BaseException:
            pass
"""
SLEEP = "import time\ndef frame(play):\n    time.sleep(20)\n"


class Clock:
    t = 0.0

    def __call__(self) -> float:
        return self.t


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def live(tmp_path: Path, clock: Clock):
    """Make a script that plays live."""
    scripts = []

    def make(text: str) -> Script:
        path = tmp_path / "play.py"
        path.write_text(text)
        script = Script(path, is_watched=False, limit=LIMIT, now=clock)
        scripts.append(script)
        return script

    yield make
    for script in scripts:
        script.close()


def save(script: Script, text: str) -> None:
    script.path.write_text(text)
    script._is_saved.set()


@pytest.mark.parametrize("source", [LOOP, STUBBORN, SLEEP], ids=["loop", "stubborn", "sleep"])
def test_a_frame_that_takes_too_long_is_interrupted_and_rests(
    live: Callable[[str], Script], clock: Clock, source: str
) -> None:
    script = live("def frame(play):\n    play.set('noise.seed', 5)\n")
    assert script.run(Params(), NOW)[0].noise.seed == 5
    save(script, source)
    tried = 0
    for _ in range(50):
        begin = time.monotonic()
        assert script.run(Params(), NOW)[0].noise.seed == 5  # the last good version plays on
        took = time.monotonic() - begin
        assert took < GENEROUS
        tried += took > LIMIT * 0.9
        clock.t += 0.2
    assert tried >= script_module.MOST_OVERRUNS
    assert script.status.error.startswith("A frame took longer than 0.25 s and was interrupted")
    assert "until the file is saved" in script.status.error
    assert script.status.line > 0
    save(script, "def frame(play):\n    play.set('noise.seed', 7)\n")
    assert script.run(Params(), NOW)[0].noise.seed == 7
    assert script.status.error == ""


def test_one_that_hangs_now_and_then_is_tried_again(
    live: Callable[[str], Script], clock: Clock
) -> None:
    script = live(LOOP)
    assert script.run(Params(), replace(NOW, t=0.5))[0] == Params()
    for _ in range(5):
        # On a busy machine its thread may not have begun with a frame that is given up.
        until(
            lambda: "it is tried again" in script.status.error,
            lambda: script.run(Params(), NOW),
        )
        clock.t += script_module.FORGIVEN + script_module.REST + 1
        until(
            lambda: script.status.error == "",
            lambda: script.run(Params(), replace(NOW, t=0.5)),
        )


def test_what_hangs_before_its_first_frame(live: Callable[[str], Script], clock: Clock) -> None:
    script = live("def frame(play):\n    play.set('noise.seed', 5)\n")
    script.run(Params(), NOW)
    save(script, "while True:\n    pass\n")
    assert script.run(Params(), NOW)[0].noise.seed == 5
    assert script.status.error == ""
    clock.t = script_module.START_LIMIT + 1
    assert script.run(Params(), NOW)[0].noise.seed == 5
    assert "longer than 10 s to begin" in script.status.error
    assert script.status.line in (1, 2)


def test_slow_imports_are_waited_for_while_the_show_goes_on(
    live: Callable[[str], Script], clock: Clock
) -> None:
    script = live("import time\ntime.sleep(1)\ndef frame(play):\n    play.set('noise.seed', 6)\n")
    end = time.monotonic() + 20
    frames = 0
    while script.run(Params(), NOW)[0].noise.seed != 6:
        assert time.monotonic() < end
        time.sleep(0.01)
        frames += 1
    assert frames > 5


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("absTime = None\ndef frame(play):\n    pass\n", ""),
        ("def frame(play):\n    raise KeyboardInterrupt\n", "KeyboardInterrupt"),
        ("def frame(play):\n    raise SystemExit(3)\n", "SystemExit: 3"),
        ("def frame(play):\n    raise GeneratorExit\n", "GeneratorExit"),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt"),
        ("def frame(play):\n    raise ValueError('bad \\udcff name')\n", "ValueError: bad \ufffd"),
        (
            "class E(Exception):\n    def __str__(self):\n        raise ValueError('x')\n"
            "def frame(play):\n    raise E()\n",
            "E",
        ),
        (
            "class E(BaseException):\n    def __str__(self):\n        raise SystemExit\n"
            "def frame(play):\n    raise E()\n",
            "E",
        ),
        ("def frame(play):\n    play.set('noise.amplitude', [1])\n", "ValueError"),
        (
            "from msgspec.structs import replace\ndef frame(play):\n    p = play.params\n"
            "    play.params = replace(p, noise=replace(p.noise, amplitude='abc'))\n",
            "ValueError: a change: noise.amplitude: expected float, got str",
        ),
        ("def frame(play):\n    frame(play)\n", "RecursionError"),
        ("import threading\ndef frame(play):\n    threading.current_thread().name = 3\n", ""),
        ("def frame(play):\n    play.changes = None\n", "AttributeError"),
    ],
)
def test_whatever_it_raises_is_told(
    live: Callable[[str], Script], source: str, message: str
) -> None:
    script = live(source)
    for _ in range(3):
        params, changes = script.run(Params(), NOW)
        assert (params, changes) == (Params(), ())
    assert script.status.error.startswith(message)
    assert bool(script.status.error) == bool(message)
    script.status.error.encode()


def test_a_mistake_with_changing_words_is_told_once(
    live: Callable[[str], Script], caplog: pytest.LogCaptureFixture
) -> None:
    script = live("n = 0\ndef frame(play):\n    global n\n    n += 1\n    raise ValueError(n)\n")
    with caplog.at_level(logging.WARNING):
        for number in range(1, 100):
            script.run(Params(), NOW)
            assert script.status.error == f"ValueError: {number}"
    assert len(caplog.records) == 1
    assert script.troubles == 1


def test_mistakes_at_ever_new_places_are_told_a_few_times(
    live: Callable[[str], Script], caplog: pytest.LogCaptureFixture
) -> None:
    script = live(
        "n = 0\ndef frame(play):\n    global n\n    n += 1\n"
        "    exec(compile(chr(10) * n + '1 / 0', __file__, 'exec'))\n"
    )
    with caplog.at_level(logging.WARNING):
        for _ in range(200):
            script.run(Params(), NOW)
    assert len(caplog.records) <= script_module.MOST_TOLD


def test_what_is_not_at_a_line_of_the_script_shows_no_lines_of_ours(
    live: Callable[[str], Script], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        script = live("x = 1\n")
        script.run(Params(), NOW)
    assert "frame" in script.status.error
    assert not caplog.records


def test_text_that_is_no_unicode_can_be_recorded(live: Callable[[str], Script]) -> None:
    script = live(
        "def frame(play):\n    play.set('layer.name', 'L\\udcff')\n"
        "    play.edit_layer_by_name('\\ud800', 1)\n"
    )
    params, changes = script.run(Params(), NOW)
    assert script.status.error == ""
    repr((params.layer.name, params.edits, changes)).encode()
    assert params.layer.name == "L\ufffd"


def test_offline_a_frame_takes_as_long_as_it_takes(tmp_path: Path) -> None:
    path = tmp_path / "play.py"
    path.write_text(
        "import time\ndef frame(play):\n    time.sleep(0.4)\n    play.set('noise.seed', 5)\n"
    )
    script = Script(path, is_watched=False)
    assert script.run(Params(), NOW)[0].noise.seed == 5
    path.write_text("def frame(play):\n    raise KeyboardInterrupt\n")
    script._is_saved.set()
    with pytest.raises(KeyboardInterrupt):  # there it may be the user's own
        script.run(Params(), NOW)


def test_threads_that_never_end_are_few() -> None:
    thread = ScriptThread()

    def hang() -> None:
        time.sleep(5)

    for _ in range(10):
        with pytest.raises(OverrunError):
            thread.run(hang, 0.01, "")
    assert len(thread._left_behind) == MOST_LEFT_BEHIND
