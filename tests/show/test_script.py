"""The user's script: what it may do, what its mistakes cost, and that saving it is enough."""

import itertools
import json
import math
import threading
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from sgview.resources import config
from sgview.show.script import Script
from sgview.show.script_frame import ScriptFrame, apply_changes
from sgview.signals.incoming import Inputs, Instant
from sgview.state.networks import LayerInfo, NetworkStatus, Slot, TensorInfo
from sgview.state.params import Blend, Edit, Mapping, Noise, Params
from stylegan3 import group_of
from tests.support.until import until

NOW = Instant(
    t=0.5,
    dt=0.1,
    beat=9.0,
    bpm=90.0,
    inputs=Inputs(
        osc={"/x": (0.25, 7.0)},
        midi={"cc/0/21": 0.5},
        audio={"low": 0.75},
        bands=(0.1, 0.2),
        mouse=(0.3, 0.4),
    ),
)


@pytest.fixture
def write(tmp_path: Path):
    path = tmp_path / "play.py"

    def write(text: str) -> Path:
        path.write_text(text)
        return path

    return write


def run(path: Path, params: Params | None = None) -> Params:
    return Script(path, is_watched=False).run(params or Params(), NOW)[0]


def save(script: Script, text: str) -> None:
    """As the watcher notices it."""
    script.path.write_text(text)
    script._is_saved.set()


def network(family: str, *tensors: str, layers: tuple[LayerInfo, ...] = ()) -> NetworkStatus:
    infos = tuple(TensorInfo(name, group_of(name), (4,), False) for name in tensors)
    return NetworkStatus("faces", "", family, 8, 0, 8, 9, 64, 3, 1000, layers, infos)


THREE = network(
    "StyleGAN3-T",
    *("synthesis.input.weight", "synthesis.L0_36_8.weight", "synthesis.L6_36_8.weight"),
    "synthesis.L6_36_8.bias",
    layers=(LayerInfo("L0_36_8", "L0", 36, 8), LayerInfo("L6_36_8", "L6", 36, 8)),
)
TWO = network("StyleGAN2", "synthesis.b4.const", "synthesis.b16.conv0.weight")
PAIR: dict[Slot, NetworkStatus] = {"a": THREE, "b": THREE}


@pytest.mark.parametrize(
    ("networks", "tensor"),
    [
        ({}, "synthesis.input.weight"),
        (PAIR, "synthesis.input.weight"),
        ({"a": TWO}, "synthesis.b4.const"),
    ],
)
def test_the_two_examples_do_what_they_say(
    networks: dict[Slot, NetworkStatus], tensor: str
) -> None:
    for name in ("multiply", "blend"):
        script = Script(Path(str(config(f"scripts/{name}.py"))), is_watched=False)
        params, _ = script.run(Params(blend=Blend(amounts={"L6": 9.0, "L5": 0.5})), NOW, networks)
        if name == "multiply":
            assert script.status.error == ""
            assert params.edits == (Edit(tensor=tensor, amount=math.sin(0.5)),)
        elif networks == PAIR:
            assert script.status.error == ""
            waves = [0.5 - 0.5 * math.cos(0.25 - place * 0.4) for place in range(3)]
            groups = dict(zip(("L0", "L6", "input"), waves, strict=True))
            assert params.blend.amounts == {"L5": 0.5} | groups


@pytest.mark.parametrize(
    ("call", "networks", "message"),
    [
        (
            'edit_layer_by_name("synthesis.input.wieght", 5)',
            PAIR,
            "faces has no tensor 'synthesis.input.wieght'; did you mean synthesis.input.weight?",
        ),
        (
            'edit_layer_by_name("L6", 5)',
            PAIR,
            "faces has no tensor 'L6'; that is a layer; tensors of it are"
            " synthesis.L6_36_8.weight and synthesis.L6_36_8.bias",
        ),
        (
            'blend_layer_by_name("L66", 5)',
            PAIR,
            "no network has the layer 'L66' to blend; did you mean L6?",
        ),
        (
            'blend_layer_by_name("L6", 5)',
            {"a": THREE},
            "'L6' cannot blend: there is only one network",
        ),
    ],
)
def test_a_name_that_nothing_has_is_said_and_the_rest_plays(
    write, call: str, networks: dict[Slot, NetworkStatus], message: str
) -> None:
    text = f"def frame(play):\n    {call}\n    play.set('noise.amplitude', 0.25)\n"
    script = Script(write(text), is_watched=False)
    params, _ = script.run(Params(), NOW)
    assert script.status.error == ""  # no network is loaded yet: nothing is known
    for _ in range(2):
        params, _ = script.run(Params(), NOW, networks)
        assert params.noise.amplitude == 0.25
        status = script.status
        assert (status.error, status.line, status.plays) == (message, 2, True)
        assert Path(status.file).name == "play.py"
    assert script.troubles == 1


def test_sees_values_time_and_signals(write) -> None:
    run_in = """
def frame(play):
    seen = (play.t, play.dt, play.frame, play.beat, play.bar, play.bpm, play.osc("/x"),
            play.osc("/y", 3), play.midi(21), play.audio("low"), play.audio("mid"),
            play.bands, play.mouse, play.slider("energy"), play.slider("no", 8),
            play.get("noise.amplitude"), play.params.noise.seed)
    assert seen == (0.5, 0.1, 30, 9, 2.25, 90, 0.25, 3, 0.5, 0.75, 0, (0.1, 0.2), (0.3, 0.4),
                    0.5, 8, 2.0, 1), seen
    assert (absTime.seconds, absTime.frame) == (0.5, 30)
    assert (me.time.seconds, me.time.frame) == (0.5, 30)
"""
    script = Script(write(run_in), is_watched=False)
    params = Params(noise=Noise(amplitude=2.0), sliders={"energy": 0.5})
    assert script.run(params, NOW) == (params, ())
    assert script.status.error == ""


def test_changes_are_plain_data_that_can_be_done_again(write) -> None:
    script = Script(
        write("""
from msgspec.structs import replace
def frame(play):
    play.set("noise.translate.1", 2)
    play.set("view.flip_horizontal", True)
    play.edit_layer_by_name("a.weight", 0.5, "add")
    edit_layer_by_name("a.weight", 3)
    blend_layer_by_name("synthesis.L12_1044_32.weight", 0.25)
    play.blend_layer_by_name("b16.conv0", -1)
    play.params = replace(play.params, mapping=replace(play.params.mapping, truncation_psi=0.25))
"""),
        is_watched=False,
    )
    before = Params(edits=(Edit(tensor="x"),), blend=Blend(amounts={"L1": 1.0}))
    params, changes = script.run(before, NOW)
    assert params.noise.translate == (0.0, 2.0, 0.0)
    assert params.view.flip_horizontal is True
    assert [(e.tensor, e.operation, e.amount) for e in params.edits] == [
        ("x", "multiply", 1.0),
        ("a.weight", "add", 0.5),
        ("a.weight", "multiply", 3.0),
    ]
    assert params.blend.amounts == {"L1": 1.0, "L12": 0.25, "b16": -1.0}
    assert params.mapping.truncation_psi == 0.25
    assert apply_changes(before, json.loads(json.dumps(changes))) == params


def test_what_it_no_longer_does_is_undone(write) -> None:
    source = "def frame(play):\n    if play.t < 1: play.set('noise.amplitude', 7)\n"
    script = Script(write(source), is_watched=False)
    assert script.run(Params(), NOW)[0].noise.amplitude == 7
    assert script.run(Params(), replace(NOW, t=2.0))[0] == Params()


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("def frame(play):\n    1 / 0\n", 2, "ZeroDivisionError: division by zero"),
        ("def frame(play)\n    pass\n", 1, "SyntaxError: expected ':'"),
        ("\n\nimport no_such_module\n", 3, "ModuleNotFoundError"),
        ("x = 1\n", 0, "NameError: there is no function frame(play)"),
        ("frame = 3\n", 0, "NameError: there is no function"),
        ("edit_layer_by_name('a', 1)\n", 1, "RuntimeError: call this inside"),
        (
            "def frame(play):\n    play.set('noise.amplitud', 1)\n",
            2,
            "did you mean noise.amplitude",
        ),
        ("def frame(play):\n    play.set('noise.seed', 'x')\n", 2, "noise.seed is a number"),
        ("def frame(play):\n    play.edit_layer_by_name('a', float('nan'))\n", 2, "finite"),
        ("def frame(play):\n    play.edit_layer_by_name('a', 1, 'ad')\n", 2, "did you mean 'add'"),
        ("def frame(play):\n    play.blend_layer_by_name('x', 1)\n", 2, "no layer that can blend"),
        ("def frame(play):\n    play.params = 3\n", 2, "takes Params, not int"),
        ("def frame(play):\n    raise SystemExit(3)\n", 2, "SystemExit: 3"),
        ("def frame():\n    pass\n", 0, "TypeError: frame() takes 0"),
        ("def f():\n    def g(): return [][1]\n    g()\ndef frame(p):\n    f()\n", 2, "IndexError"),
        ("\0", 0, "null bytes"),
    ],
)
def test_a_mistake_is_shown_with_its_line_and_nothing_stops(
    write, source: str, line: int, message: str
) -> None:
    script = Script(write(source), is_watched=False)
    assert script.run(Params(), NOW) == (Params(), ())
    assert message in script.status.error
    assert script.status.line == line
    assert script.status.file == str(script.path)


def test_the_last_good_version_plays_on_while_the_new_one_is_wrong(write) -> None:
    good = "def frame(play):\n    play.set('mapping.truncation_psi', play.t)\n"
    script = Script(write(good), is_watched=False)
    psi = lambda t: script.run(Params(), replace(NOW, t=t))[0].mapping.truncation_psi  # noqa: E731
    assert psi(0.25) == 0.25
    save(script, "def frame(play)\n")
    assert psi(0.5) == 0.5
    assert "SyntaxError" in script.status.error
    save(script, "def frame(play):\n    play.set('mapping.truncation_psi', 9)\n    boom\n")
    assert psi(0.75) == 0.75
    assert "name 'boom' is not defined" in script.status.error
    assert script.status.line == 3
    save(script, "def frame(play):\n    play.set('mapping.truncation_psi', -play.t)\n")
    assert psi(0.5) == -0.5
    assert script.status.error == ""


def test_an_exception_now_and_then_repeats_the_last_good_frame(write) -> None:
    source = "def frame(play):\n    play.set('mapping.truncation_psi', 1 / (play.t - 1))\n"
    script = Script(write(source), is_watched=False)
    at = lambda t: script.run(Params(), replace(NOW, t=t))[0].mapping.truncation_psi  # noqa: E731
    assert at(0.5) == -2
    assert at(1.0) == -2
    assert script.status.error
    assert at(3.0) == 0.5
    assert script.status.error == ""


def test_a_missing_file_and_one_that_comes_back(write, tmp_path: Path) -> None:
    script = Script(tmp_path / "play.py", is_watched=False)
    assert "cannot be read: No such file" in script.status.error
    save(script, "def frame(play):\n    play.set('noise.seed', 5)\n")
    assert script.run(Params(), NOW)[0].noise.seed == 5
    script.path.unlink()
    script._is_saved.set()
    assert script.run(Params(), NOW)[0].noise.seed == 5
    assert script.status.error


@pytest.mark.parametrize("is_replaced", [False, True], ids=["written", "replaced"])
def test_saving_is_enough(write, tmp_path: Path, is_replaced: bool) -> None:
    before = set(threading.enumerate())
    with Script(write("def frame(play):\n    pass\n")) as script:
        text = "def frame(play):\n    play.set('mapping.truncation_psi', 3)\n"
        tries = itertools.count()

        def save_again() -> None:
            n = next(tries)
            if n % 20 == 0:  # the watcher may not have started yet
                if is_replaced:  # as editors do
                    (tmp_path / "new").write_text(text + f"# {n}")
                    (tmp_path / "new").replace(script.path)
                else:
                    script.path.write_text(text + f"# {n}")
            time.sleep(0.05)

        wanted = Params(mapping=Mapping(truncation_psi=3.0))
        until(lambda: script.run(Params(), NOW)[0] == wanted, save_again)
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) <= before


def test_state_is_kept_from_frame_to_frame(write) -> None:
    source = "n = 0\ndef frame(play):\n    global n\n    n += 1\n    play.set('noise.seed', n)\n"
    script = Script(write(source), is_watched=False)
    assert [script.run(Params(), NOW)[0].noise.seed for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "group"),
    [("L1", "L1"), ("L12_1044_32", "L12"), ("b256.torgb", "b256"), ("input", "input")],
)
def test_layers_name_their_group(name: str, group: str) -> None:
    play = ScriptFrame(Params(), NOW)
    play.blend_layer_by_name(name, 0.5)
    assert play.params.blend.amounts == {group: 0.5}
