"""From one canvas to another: what is prepared, and when it takes over."""

import threading
from collections.abc import Callable, Iterator

import pytest

from sgview.engine.background import Background
from sgview.engine.canvas_change import CanvasChange, Prepared
from stylegan3 import Canvas
from tests.support.until import LIMIT, until

WIDE, WIDER, WIDEST = (Canvas(width, 16) for width in (32, 48, 64))


class Planner:
    """Prepares a canvas once it is allowed to."""

    def __init__(self) -> None:
        self.begun: list[Canvas | None] = []
        self.permits = threading.Semaphore(0)
        self.failure: Exception | None = None

    def making(self, canvas: Canvas | None) -> Callable[[], Callable[[], str]]:
        def make() -> str:
            self.begun.append(canvas)
            assert self.permits.acquire(timeout=LIMIT)
            if self.failure is not None:
                raise self.failure
            return f"plan of {canvas}"

        return lambda: make


@pytest.fixture
def planner() -> Planner:
    return Planner()


@pytest.fixture
def background(planner: Planner) -> Iterator[Background]:
    with Background("sgview canvas") as background:
        yield background
        for _ in range(10):
            planner.permits.release()


@pytest.fixture
def change(background: Background) -> CanvasChange[str]:
    return CanvasChange(background)


def test_nothing_waits_for_it(planner, background, change) -> None:
    ended = threading.Semaphore(0)
    background.on_done = ended.release
    for _ in range(5):
        assert change.follow(WIDE, planner.making(WIDE)) is None
        assert change.is_under_way
    until(lambda: planner.begun)
    planner.permits.release()
    assert ended.acquire(timeout=LIMIT)  # so that a window that stands still makes a picture
    prepared = change.follow(WIDE, planner.making(WIDE))
    assert prepared == Prepared(WIDE, f"plan of {WIDE}", None)
    assert planner.begun == [WIDE] and not change.is_under_way


@pytest.mark.parametrize("is_moving", [False, True])
def test_of_many_canvases_the_newest_is_next(planner, change, is_moving: bool) -> None:
    def follow(canvas: Canvas) -> Prepared[str] | None:
        return change.follow(canvas, planner.making(canvas), is_moving=is_moving)

    assert follow(WIDE) is None
    until(lambda: planner.begun)
    for canvas in (WIDER, Canvas(50, 16), Canvas(52, 16), WIDEST):
        assert follow(canvas) is None
    planner.permits.release()
    found: list[Canvas | None] = []

    def arrives(canvas: Canvas) -> bool:
        prepared = follow(WIDEST)
        found.extend([prepared.canvas] if prepared else [])
        return bool(prepared and prepared.canvas == canvas)

    planner.permits.release()
    until(lambda: arrives(WIDEST))
    assert planner.begun == [WIDE, WIDEST]  # what lies between was never begun
    assert found == ([WIDE, WIDEST] if is_moving else [WIDEST])  # in steps, or at once


def test_who_comes_back_finds_all_as_it_was(planner, change) -> None:
    assert change.follow(WIDE, planner.making(WIDE)) is None
    until(lambda: planner.begun)
    assert change.follow(WIDER, planner.making(WIDER)) is None
    change.drop()
    assert not change.is_under_way
    planner.permits.release()
    assert change.follow(WIDEST, planner.making(WIDEST)) is None
    planner.permits.release()
    prepared = until(lambda: change.follow(WIDEST, planner.making(WIDEST)))
    assert prepared.canvas == WIDEST and planner.begun == [WIDE, WIDEST]


def test_what_fails_says_why(planner, change) -> None:
    planner.failure = MemoryError("no room")
    assert change.follow(WIDE, planner.making(WIDE)) is None
    planner.permits.release()
    prepared = until(lambda: change.follow(WIDE, planner.making(WIDE)))
    assert prepared == Prepared(WIDE, None, planner.failure)


def test_closing_waits_for_what_runs_and_drops_the_rest(planner, background, change) -> None:
    change.follow(WIDE, planner.making(WIDE))
    until(lambda: planner.begun)
    other = CanvasChange[str](background)
    other.follow(WIDER, planner.making(WIDER))
    planner.permits.release()
    background.close()
    background.close()
    assert planner.begun == [WIDE]
