import pytest

from sgview.show.clock import FRAME, Clock, EvenClock, FrameLimiter, FrameRate, Pace


class Now:
    """Real time that stands still until told."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.seconds += seconds


@pytest.fixture
def now() -> Now:
    return Now()


def test_starts_at_zero_and_follows_real_time(now: Now) -> None:
    clock = Clock(now)
    assert clock.tick() == (0.0, 0.0)
    now.seconds += 0.25
    assert clock.tick() == (0.25, 0.25)


def test_a_change_of_speed_never_jumps(now: Now) -> None:
    clock = Clock(now)
    now.seconds += 1000
    clock.tick()
    clock.speed = -3.0
    assert clock.tick() == (1000.0, 0.0)
    now.seconds += 0.5
    assert clock.tick() == (998.5, -1.5)


def test_pause_leaves_out_the_time_it_lasts(now: Now) -> None:
    clock = Clock(now)
    now.seconds += 1
    clock.tick()
    clock.toggle_pause()
    now.seconds += 60
    assert clock.tick() == (1.0, 0.0)
    clock.toggle_pause()
    now.seconds += 0.5
    assert clock.tick() == (1.5, 0.5)


def test_step_pauses_and_moves_by_frames_either_way(now: Now) -> None:
    clock = Clock(now)
    clock.step(3)
    assert clock.is_paused
    now.seconds += 9
    assert clock.tick()[0] == pytest.approx(3 * FRAME)
    clock.step(-4)
    assert clock.tick()[0] == pytest.approx(-FRAME)


def test_rewind_runs_on(now: Now) -> None:
    clock = Clock(now)
    now.seconds += 5
    clock.tick()
    clock.rewind()
    now.seconds += 0.5
    assert clock.tick() == (0.5, 0.5)


def test_a_pace_lets_a_loop_of_its_own_rate_through_and_thins_out_faster_ones(now: Now) -> None:
    for rate, share in ((60.0, 1.0), (30.0, 1.0), (600.0, 0.1)):
        pace, done = Pace(60.0, now), 0
        for _ in range(600):
            if pace.is_due():
                assert pace.seconds_left() == 0.0
                pace.begin()
                assert 0.0 < pace.seconds_left() <= 1 / 60
                done += 1
            now.seconds += 1 / rate
        assert done / 600 == pytest.approx(share, rel=0.15)


def test_limiter_sleeps_what_is_left_of_a_frame(now: Now) -> None:
    limiter = FrameLimiter(now, now.sleep)
    start = now.seconds
    for _ in range(10):
        now.seconds += 0.03
        limiter.wait(20.0)
    assert now.seconds - start == pytest.approx(10 / 20)


def test_limiter_does_not_catch_up_after_a_late_frame(now: Now) -> None:
    limiter = FrameLimiter(now, now.sleep)
    now.seconds += 5.0
    limiter.wait(10.0)
    late = now.seconds
    limiter.wait(10.0)
    assert now.seconds - late == pytest.approx(0.1)


def test_limiter_without_a_limit_never_sleeps(now: Now) -> None:
    limiter = FrameLimiter(now, now.sleep)
    limiter.wait(0.0)
    assert now.seconds == 100.0


def test_frame_rate_settles_on_the_rate_and_follows_a_change(now: Now) -> None:
    rate = FrameRate(now)
    for _ in range(5):
        now.seconds += 0.02
        measured = rate.tick()
    assert measured == pytest.approx(50.0)
    for _ in range(60):
        now.seconds += 0.1
        measured = rate.tick()
    assert measured == pytest.approx(10.0, rel=0.01)


def test_sound_keeps_its_pace_whatever_the_speed(now: Now) -> None:
    clock = Clock(now)
    clock.speed = 0.5
    now.seconds += 4
    clock.tick()
    assert (clock.t, clock.position) == (2.0, 4.0)
    clock.toggle_pause()
    now.seconds += 4
    clock.tick()
    assert clock.position == 4.0
    clock.step(-60)
    assert clock.position == pytest.approx(3.0)
    clock.rewind()
    assert (clock.t, clock.position) == (0.0, 0.0)


@pytest.mark.parametrize(("fps", "speed"), [(30.0, 1.0), (29.97, 1.0), (60.0, -0.3)])
def test_frames_apart_evenly_are_where_their_number_says_without_rounding(
    fps: float, speed: float
) -> None:
    clock = EvenClock(2.5, fps)
    for n in range(1000):
        t, _ = clock.tick()
        assert t == 2.5 + n / fps * speed
        assert clock.position == 2.5 + n / fps
        assert clock.take_elapsed() == (1 / fps if n else 0.0)
        clock.speed = speed


def test_a_speed_that_changes_bends_the_course_of_even_frames() -> None:
    clock = EvenClock(0.0, 10.0)
    for _ in range(11):
        clock.tick()
    clock.speed = 2.0
    t, dt = clock.tick()
    assert (t, dt) == (pytest.approx(1.2), pytest.approx(0.2))
    clock.tick()
    clock.speed = -1.0
    assert clock.tick()[0] == pytest.approx(1.3)


def test_elapsed_time_is_what_all_ticks_together_took(now: Now) -> None:
    clock = Clock(now)
    clock.toggle_pause()
    for _ in range(3):
        now.seconds += 0.5
        clock.tick()
    assert clock.take_elapsed() == 1.5
    assert clock.take_elapsed() == 0.0
