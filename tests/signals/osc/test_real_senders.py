"""OSC from other people's programs: liblo's `oscsend` and Pure Data, without its window."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sgview.signals.osc.input import OscInput
from tests.support.real_parts import need, run, started
from tests.support.until import until


@pytest.fixture
def osc() -> Iterator[OscInput]:
    source = OscInput(port=0)
    source.start()
    yield source
    source.close()


def send(osc: OscInput, *words: str) -> None:
    run("oscsend", "127.0.0.1", osc.port, *words)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (("/a", "i", "3"), (3.0,)),
        (("/a", "h", "3"), (3.0,)),
        (("/a", "f", "0.9"), (0.9,)),
        (("/a", "d", "0.25"), (0.25,)),
        (("/a", "T"), (1.0,)),
        (("/a", "F"), (0.0,)),
        (("/a", "s", "true"), (1.0,)),
        (("/a", "ff", "0.5", "2"), (0.5, 2.0)),
    ],
)
def test_values_of_oscsend(osc: OscInput, words: tuple[str, ...], values) -> None:
    need("oscsend")
    send(osc, *words)
    until(lambda: "/a" in osc.snapshot())
    assert osc.snapshot()["/a"] == values


def states(osc: OscInput, address: str, count: int) -> list[float]:
    """Return what an address is in one frame after the other, until it was `count` things.

    Nothing is 0, as for who has not sent yet.
    """
    seen: list[float] = [0.0]

    def look() -> bool:
        value = osc.snapshot().get(address, (0.0,))[0]
        if seen[-1] != value:
            seen.append(value)
        return len(seen) >= count

    until(look)
    return seen


def test_every_tap_and_bang_of_oscsend_is_heard(osc: OscInput) -> None:
    need("oscsend")
    for value in ("1", "0", "0.2", "0"):  # the last two: a soft pad
        send(osc, "/pad", "f", value)
    assert states(osc, "/pad", 5) == [0.0, 1.0, 0.0, 0.2, 0.0]
    for address, words in (("/impulse", ("I",)), ("/bang", ("",)), ("/nothing", ())):
        send(osc, address, *words)
        assert states(osc, address, 3) == [0.0, 1.0, 0.0]


PATCH = r"""#N canvas 0 0 450 300 12;
#X obj 20 20 loadbang;
#X obj 20 60 t b b b b;
#X msg 260 100 connect 127.0.0.1 {port};
#X msg 180 100 1 \, 0;
#X msg 100 100 0.9;
#X msg 20 100 list;
#X obj 180 140 oscformat pad;
#X obj 100 140 oscformat fader;
#X obj 20 140 oscformat bang;
#X obj 20 180 list prepend send;
#X obj 20 220 list trim;
#X obj 20 260 netsend -u -b;
#X connect 0 0 1 0;
#X connect 1 3 2 0;
#X connect 1 2 3 0;
#X connect 1 1 4 0;
#X connect 1 0 5 0;
#X connect 2 0 11 0;
#X connect 3 0 6 0;
#X connect 4 0 7 0;
#X connect 5 0 8 0;
#X connect 6 0 9 0;
#X connect 7 0 9 0;
#X connect 8 0 9 0;
#X connect 9 0 10 0;
#X connect 10 0 11 0;
"""


def test_pure_data_taps_bangs_and_faders_are_heard(osc: OscInput, tmp_path: Path) -> None:
    need("pd")
    patch = tmp_path / "sender.pd"
    patch.write_text(PATCH.format(port=osc.port))
    words = ("pd", "-nogui", "-noaudio", "-nomidi", "-noprefs", "-open", patch)
    with started(*words, environment={"HOME": str(tmp_path)}):
        until(lambda: osc.status().last.startswith("/bang"))
        assert states(osc, "/pad", 3) == [0.0, 1.0, 0.0]
    assert osc.snapshot()["/fader"] == (0.9,)
