import pytest

from sgview.state.canvas import Canvas, canvas_size
from sgview.state.idle import idle_reasons
from sgview.state.params import Params

LEAVES = ("canvas.shape", "canvas.width", "canvas.height", "canvas.fill")


@pytest.mark.parametrize(
    ("canvas", "expected"),
    [
        (Canvas(), (512, 1024)),
        (Canvas(width=3.0), (512, 1024)),  # of a free canvas alone
        (Canvas(shape="16:9"), (1024 * 16 / 9, 1024)),
        (Canvas(shape="9:16"), (512, 512 * 16 / 9)),
        (Canvas(shape="2:1"), (2048, 1024)),
        (Canvas(shape="free", width=1.5, height=0.5), (768, 512)),
    ],
)
def test_sizes(canvas: Canvas, expected: tuple[float, float]) -> None:
    assert canvas_size(canvas, (512, 1024)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("canvas", "idle"),
    [
        (Canvas(), {"canvas.width", "canvas.height", "canvas.fill"}),
        (Canvas(shape="2:1"), {"canvas.width", "canvas.height"}),
        (Canvas(shape="free"), set()),
    ],
)
def test_what_is_idle(canvas: Canvas, idle: set[str]) -> None:
    assert set(idle_reasons(Params(canvas=canvas), LEAVES)) == idle
