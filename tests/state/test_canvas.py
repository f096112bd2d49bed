import pytest

from sgview.state.canvas import Canvas, canvas_named, canvas_size
from sgview.state.idle import idle_reasons
from sgview.state.params import Params

IN_PIXELS = {"canvas.pixels_wide", "canvas.pixels_high"}
LEAVES = ("canvas.shape", "canvas.width", "canvas.height", *IN_PIXELS, "canvas.fill")


@pytest.mark.parametrize(
    ("canvas", "expected"),
    [
        (Canvas(), (512, 1024)),
        (Canvas(width=3.0), (512, 1024)),  # of a free canvas alone
        (Canvas(shape="16:9"), (1024 * 16 / 9, 1024)),
        (Canvas(shape="9:16"), (512, 512 * 16 / 9)),
        (Canvas(shape="2:1"), (2048, 1024)),
        (Canvas(shape="free", width=1.5, height=0.5), (768, 512)),
        (Canvas(shape="pixels", pixels_wide=300.0, width=3.0), (300, 1080)),
    ],
)
def test_sizes(canvas: Canvas, expected: tuple[float, float]) -> None:
    assert canvas_size(canvas, (512, 1024)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("canvas", "idle"),
    [
        (Canvas(), {"canvas.width", "canvas.height", "canvas.fill"} | IN_PIXELS),
        (Canvas(shape="2:1"), {"canvas.width", "canvas.height"} | IN_PIXELS),
        (Canvas(shape="free"), IN_PIXELS),
        (Canvas(shape="pixels"), {"canvas.width", "canvas.height"}),
    ],
)
def test_what_is_idle(canvas: Canvas, idle: set[str]) -> None:
    assert set(idle_reasons(Params(canvas=canvas), LEAVES)) == idle


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16:9", Canvas(shape="16:9", fill="mirror")),
        ("own", Canvas(fill="mirror")),
        ("1.5x1", Canvas(shape="free", width=1.5, fill="mirror")),
        ("16 × 0.25", Canvas(shape="free", width=16.0, height=0.25, fill="mirror")),
        ("1820x1024", Canvas("pixels", 1.0, 1.0, 1820.0, 1024.0, "mirror")),
        ("17X16384", Canvas("pixels", 1.0, 1.0, 17.0, 16384.0, "mirror")),
    ],
)
def test_what_people_write(text: str, expected: Canvas) -> None:
    assert canvas_named(text, Canvas(fill="mirror")) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("4:3", "write own, 16:9, 9:16, 2:1, pixels such as 1820x1024, or multiples"),
        ("free", "write own"),
        ("", "write own"),
        ("-1x2", "write own"),
        ("nanx1", "write own"),
        ("1920x2", "both sides are whole pixels from 17 to 16384, or both multiples from 0.25"),
        ("100.5x100", "both sides"),
        ("0x1", "both sides"),
        ("9" * 400 + "x100", "both sides"),
    ],
)
def test_what_is_no_canvas_says_what_to_write(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        canvas_named(text, Canvas())
