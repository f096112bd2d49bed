"""Another canvas is prepared behind the pictures, which go on meanwhile on the one before."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from msgspec.structs import replace

from sgview.engine import fast_path
from sgview.engine.acceleration import Acceleration
from sgview.engine.engine import Engine
from sgview.engine.worker import EngineWorker
from sgview.state.params import Canvas, Edit, Params
from stylegan3.fast import FastSynthesis
from tests.support.operations import reference_operations
from tests.support.until import LIMIT, until

WIDE = Params(canvas=Canvas(shape="16:9"))
SIZES = {"own": (16, 16), "16:9": (28, 16), "2:1": (32, 16), "9:16": (16, 28)}


class Accelerated(Acceleration):
    """Has a fast path on every device."""

    def obstacle(self, device: torch.device) -> str:
        return ""


class Planner:
    """Stands in for `FastSynthesis`, and is as slow as the test wants where it is another thread.

    Attributes:
        begun: widths that were begun there.
        failure: raised instead of one being made; `of_picture` by the first picture.
    """

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.permits = threading.Semaphore(0)
        self.failure: Exception | None = None
        self.of_picture: Exception | None = None
        self.remark = ""  # of those that are made

    def __call__(self, generator: Any, *_: Any, canvas: Any = None, **options: Any) -> Any:
        filters = options.get("filters")
        if threading.current_thread().name.startswith("sgview canvas"):
            self.begun.append(canvas.width if canvas else generator.img_width)
            assert self.permits.acquire(timeout=LIMIT)
            if self.failure is not None:
                raise self.failure
        made = FastSynthesis(
            generator,
            "fp32",
            operations=reference_operations(),
            canvas=canvas,
            stays_in_place=True,
            filters=filters,
        )
        made.remark = self.remark
        return Failing(made, self.of_picture) if canvas and self.of_picture else made


class Failing:
    """A fast path that has no memory for its first picture."""

    def __init__(self, made: FastSynthesis, error: Exception) -> None:
        self.__dict__ |= vars(made)
        self._made, self._error = made, error

    def __call__(self, **_: Any) -> torch.Tensor:
        raise self._error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)


@pytest.fixture
def planner(prepare_by) -> Planner:
    planner = Planner()
    prepare_by(planner)
    return planner


@pytest.fixture
def live(planner: Planner, sg3) -> Iterator[Engine]:
    """An engine as the window has it, which has made a picture; and one that waits."""
    with Engine("cpu", Accelerated()) as engine:
        engine.set_network("a", sg3)
        engine.canvases.waits = False
        assert engine.render(Params(), 0.0).status.made_by.startswith("CUDA graphs")
        yield engine
        for _ in range(20):
            planner.permits.release()


def size(engine: Engine, params: Params, t: float = 1.0) -> tuple[int, int]:
    picture = engine.render(params, t)
    assert picture is not None and picture.status.is_finite
    return picture.status.size


def arrive(engine: Engine, params: Params) -> None:
    shape = params.canvas.shape
    until(lambda: size(engine, params) == SIZES[shape])


def test_the_old_picture_stays_and_moves(planner, live, sg3) -> None:
    before = [live.render(Params(), t).rgba8.clone() for t in (1.0, 2.0)]
    assert not torch.equal(*before)
    shown = [live.render(WIDE, t) for t in (1.0, 2.0)]
    for old, new in zip(before, shown, strict=True):  # as if nothing had been asked for
        assert torch.equal(new.rgba8, old)
        assert new.status.size == (16, 16) and "is being prepared" in new.status.canvas
        assert new.status.made_by.startswith("CUDA graphs")
    assert torch.equal(live.render(WIDE, 1.0).rgba8, before[0])
    edit = Edit(tensor="synthesis.L1_20_8.bias", operation="add", amount=0.5)
    edited = live.render(replace(WIDE, edits=(edit,)), 1.0).rgba8
    assert not torch.equal(edited, before[0])  # and can be played
    planner.permits.release()
    arrive(live, WIDE)
    found = live.render(WIDE, 1.0)
    with Engine("cpu") as plain:
        plain.set_network("a", sg3)
        expected = plain.render(WIDE, 1.0)
    assert (found.rgba8.int() - expected.rgba8.int()).abs().max() <= 1
    assert found.status.made_by.startswith("CUDA graphs")
    assert "prepared" not in found.status.canvas and live.take_notices() == []


def test_a_filter_that_was_edited_meanwhile_counts(planner, live, sg3) -> None:
    name = "synthesis.L1_20_8.up_filter"
    edited = replace(WIDE, edits=(Edit(tensor=name, operation="multiply", amount=0.5),))
    size(live, WIDE)
    until(lambda: planner.begun)
    size(live, edited)  # while it is being prepared from the filter before
    planner.permits.release()
    arrive(live, edited)
    with Engine("cpu") as plain:
        plain.set_network("a", sg3)
        expected = plain.render(edited, 1.0)
    assert (live.render(edited, 1.0).rgba8.int() - expected.rgba8.int()).abs().max() <= 1


def test_a_slider_that_is_dragged_has_its_newest_place_prepared(planner, live) -> None:
    for width in (1.25, 1.5, 1.75, 2.0, 2.5):
        dragged = Params(canvas=Canvas(shape="free", width=width))
        assert size(live, dragged) == (16, 16)
        until(lambda: planner.begun)
    planner.permits.release()
    until(lambda: size(live, dragged) == (20, 16))  # a step on the way
    planner.permits.release()
    until(lambda: size(live, dragged) == (40, 16))
    assert planner.begun == [20, 40]


def test_a_shape_that_was_left_is_never_shown(planner, live) -> None:
    size(live, WIDE)
    until(lambda: planner.begun)
    assert size(live, Params()) == (16, 16)
    planner.permits.release()
    planner.permits.release()
    other = Params(canvas=Canvas(shape="2:1"))
    sizes: list[tuple[int, int]] = []
    until(lambda: sizes.append(size(live, other)) or sizes[-1] == (32, 16))
    assert set(sizes) == {(16, 16), (32, 16)}
    assert size(live, Params(canvas=Canvas())) == (32, 16)  # back: prepared like any other
    planner.permits.release()
    arrive(live, Params())


@pytest.mark.parametrize("is_full", [True, False])
def test_what_cannot_be_prepared_leaves_the_canvas_as_it_was(planner, live, is_full: bool) -> None:
    planner.failure = torch.OutOfMemoryError("full") if is_full else RuntimeError("no kernel\nat")
    planner.permits.release()
    size(live, WIDE)
    notices: list[Any] = []
    until(lambda: size(live, WIDE) and (notices.extend(live.take_notices()) or notices))
    (notice,) = notices
    assert "of 28 × 16 px" in notice.text and notice.text.endswith("stays at 16 × 16 px.")
    assert ("no memory" if is_full else "(no kernel)") in notice.text and notice.hint
    picture = live.render(WIDE, 2.0)
    assert picture.status.size == (16, 16) and "prepared" not in picture.status.canvas
    assert planner.begun == [28] and live.take_notices() == []  # not tried again by itself
    planner.failure = None
    planner.permits.release()
    arrive(live, Params(canvas=Canvas(shape="2:1")))


def test_a_first_picture_without_memory_leaves_the_canvas_as_it_was(planner, live) -> None:
    planner.of_picture = torch.OutOfMemoryError("full")
    planner.permits.release()
    size(live, WIDE)
    notices: list[Any] = []
    until(lambda: size(live, WIDE) and (notices.extend(live.take_notices()) or notices))
    assert notices[0].text.startswith("There is no memory for a canvas of 28 × 16 px")
    assert live.render(WIDE, 2.0).status.made_by.startswith("CUDA graphs")
    with Engine("cpu", Accelerated()) as waiting:  # a film does not change its size in silence
        waiting.set_network("a", live.networks["a"])
        with pytest.raises(torch.OutOfMemoryError):
            waiting.render(WIDE, 0.0)


def test_a_first_picture_that_fails_leaves_the_canvas_as_it_was(
    planner, live, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner.of_picture = RuntimeError("cuDNN: too many elements\nand where")
    for _ in range(2):
        planner.permits.release()
    notices: list[Any] = []
    until(lambda: size(live, WIDE) and (notices.extend(live.take_notices()) or notices))
    assert "28 × 16 px cannot be prepared (cuDNN: too many elements)" in notices[0].text
    assert size(live, WIDE, 2.0) == (16, 16)
    monkeypatch.setattr(fast_path, "device_answers", lambda device: False)
    shape = Params(canvas=Canvas(shape="2:1"))
    with pytest.raises(RuntimeError):  # what is lost with a card is for those who know how
        until(lambda: live.render(shape, 0.0) is None)


def test_layers_that_play_by_torch_go_to_a_canvas_at_once(sg3) -> None:
    with Engine("cpu") as engine:
        engine.canvases.waits = False
        engine.set_network("a", sg3)
        size(engine, Params())
        assert size(engine, WIDE) == (28, 16)
        hook = engine._live["a"].generator.synthesis.register_forward_pre_hook(_full)
        shape = Params(canvas=Canvas(shape="2:1"))
        with pytest.raises(torch.OutOfMemoryError):
            engine.render(shape, 0.0)  # nor is there memory for the canvas before
        hook.remove()
        assert size(engine, shape) == (28, 16)
        (notice,) = engine.take_notices()
        assert notice.text.endswith("stays at 28 × 16 px.")


def _full(*_: object) -> None:
    raise torch.OutOfMemoryError("full")


def test_the_window_makes_a_picture_when_it_is_ready(planner, sg3) -> None:
    """Also where nothing moves, and so no other picture would be made."""
    worker = EngineWorker(Engine("cpu", Accelerated()))
    try:
        worker.set_network("a", sg3)
        worker.submit(Params(), 0.0)
        until(worker.latest)
        worker.submit(WIDE, 0.0)
        until(lambda: planner.begun)
        until(lambda: worker.latest().params == WIDE)
        assert worker.latest().status.size == (16, 16)
        planner.permits.release()
        until(
            lambda: worker.latest().status.size == (28, 16),
            meanwhile=lambda: worker.submit(WIDE, 0.0),
        )
        assert worker.take_notices() == []
    finally:
        planner.permits.release()
        worker.close()


def test_a_network_that_was_just_loaded_comes_on_the_canvas_that_is_set(planner, live, sg3_other):
    planner.permits.release()
    arrive(live, WIDE)
    live.set_network("a", sg3_other)
    assert size(live, WIDE) == (28, 16) and planner.begun == [28]


def test_a_tuned_network_that_plays_as_without_says_so_once(planner, live) -> None:
    def remarks() -> list[str]:
        return [notice.text for notice in live.take_notices()]

    planner.remark = "the convolutions do not run (ptxas)"
    planner.permits.release()
    arrive(live, WIDE)
    [text] = remarks()
    assert text.endswith("plays as without tuning: the convolutions do not run (ptxas).")
    assert size(live, WIDE, 2.0) == SIZES["16:9"] and remarks() == []
