from sgview.state.notices import LIFETIME, MOST, Notices


def test_repeats_are_counted_under_one_id() -> None:
    notices = Notices()
    notices.add("warning", "L6 is not finite", "lower the amount", now=0.0)
    notices.add("warning", "L6 is not finite", "lower the amount", now=0.1, repeats=3)
    (notice,) = notices.shown(0.2)
    assert (notice.repeats, notice.hint) == (4, "lower the amount")


def test_dismissed_is_gone_and_ids_are_never_used_again() -> None:
    notices = Notices()
    notices.add("error", "one", now=0.0)
    (first,) = notices.shown(0.0)
    notices.dismiss(first.id)
    notices.dismiss(first.id)
    assert notices.shown(0.0) == ()
    notices.add("error", "one", now=0.0)
    assert notices.shown(0.0)[0].id != first.id


def test_information_goes_by_itself_and_errors_stay() -> None:
    notices = Notices()
    notices.add("info", "saved", now=0.0)
    notices.add("error", "broken", now=0.0)
    assert [n.text for n in notices.shown(LIFETIME["info"] - 0.1)] == ["saved", "broken"]
    assert [n.text for n in notices.shown(LIFETIME["info"] + 0.1)] == ["broken"]
    assert [n.text for n in notices.shown(1e9)] == ["broken"]


def test_a_repeat_keeps_a_notice_alive() -> None:
    notices = Notices()
    notices.add("info", "saved", now=0.0)
    notices.add("info", "saved", now=5.0)
    assert notices.shown(5.0 + LIFETIME["info"] - 0.1)


def test_only_the_latest_are_kept() -> None:
    notices = Notices()
    for n in range(100):
        notices.add("error", str(n), now=0.0)
    assert [n.text for n in notices.shown(0.0)] == [str(n) for n in range(100 - MOST, 100)]
