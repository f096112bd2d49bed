"""Lines break at spaces, so that a name stays whole; a word that is too long breaks within."""

import pytest
from imgui_bundle import imgui

from sgview.gui.controls.widgets import wrapped


@pytest.fixture
def broken(make_stage):
    """Breaks a text within a frame, where texts can be measured."""
    stage = make_stage()

    def wrap(text: str, widest: str) -> list[str]:
        found: list[str] = []
        original = stage.gui._draw_over_picture

        def measuring(*arguments):
            found.append(wrapped(text, imgui.calc_text_size(widest).x))
            return original(*arguments)

        stage.gui._draw_over_picture = measuring
        stage.frame()
        stage.gui._draw_over_picture = original
        return found[0].split("\n")

    return wrap


def test_names_with_full_stops_stay_whole(broken) -> None:
    assert broken("lines use math.sin and more", "lines use math") == [
        "lines use",
        "math.sin and",
        "more",
    ]
    first, *_ = broken("read faces.safetensors now", "read faces.safe")
    assert first == "read"


def test_what_fits_and_line_breaks_stay_as_they_are(broken) -> None:
    assert broken("a.b\n\n  c d", "wwwwwwwwwwwwwwww") == ["a.b", "", "  c d"]


def test_a_long_word_breaks_within(broken) -> None:
    lines = broken("/a/very/long/path/without/any/space", "/a/very/lon")
    assert "".join(lines) == "/a/very/long/path/without/any/space"
    assert len(lines) > 2
