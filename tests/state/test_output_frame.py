"""The frame of an output: which sizes there are, and when a picture is due."""

import pytest

from sgview.settings import Settings
from sgview.state.output_frame import SIZES, OutputFrame, size_of, slot_at
from sgview.state.validation import ConfigError, build


@pytest.mark.parametrize("size", [*SIZES, "1x1", "9999x9999", "1024x768"])
def test_sizes_that_settings_may_name(size: str) -> None:
    settings = build({"outputs": {"NDI": {"size": size, "rate": 25}}}, Settings, "test")
    frame = settings.outputs["NDI"]
    assert all(side > 0 for side in size_of(frame, (64, 32)))
    assert frame.rate == 25.0


@pytest.mark.parametrize("size", ["", "0x5", "10000x5", "5", "axb", "5x5x5", "5 x 5", "-5x5"])
def test_what_is_no_size_is_refused_by_name(size: str) -> None:
    with pytest.raises(ConfigError, match=r"outputs.*size"):
        build({"outputs": {"NDI": {"size": size}}}, Settings, "test")


def test_the_size_of_the_picture_turns_with_it_and_others_do_not() -> None:
    assert size_of(OutputFrame(), (64, 32)) == (64, 32)
    assert size_of(OutputFrame(rotation=270), (64, 32)) == (32, 64)
    assert size_of(OutputFrame(size="720p", rotation=90), (64, 32)) == (1280, 720)


def test_slots_begin_on_time_whatever_rounding_does() -> None:
    assert [slot_at(n / 30, 30.0) for n in range(3000)] == list(range(3000))
    assert slot_at(0.999 / 30, 30.0) == 0
