from pathlib import Path

import pytest

from sgview.app import reports
from sgview.app.reports import Reports


def make(folder: Path) -> Reports:
    return Reports(folder, lambda: ["plays on a toaster", "draws on bread"], lambda: 1.0)


def failure(message: str = "no \udcff", kind: type[Exception] = ValueError) -> Exception:
    try:
        secret = "the user's own words"
        raise kind(message)
    except Exception as error:
        assert secret
        return error


def test_a_report_says_where_on_what_and_after_which_events(tmp_path: Path) -> None:
    writer = make(tmp_path / "state" / "reports")
    for number in range(150):
        writer.note(f"event {number}")
    text = Path(writer.write("looks", failure())).read_text(encoding="utf-8")
    for part in (
        "looks failed",
        "ValueError: no \ufffd",
        "test_reports.py, line ",
        "in failure",
        "Python 3",
        "torch 2",
        "plays on a toaster\ndraws on bread",
        "The last 100 events",
        "event 149",
        "event 50\n",
    ):
        assert part in text, part
    assert "event 49\n" not in text
    assert "the user's own words" not in text  # no line of any file
    assert len(text) < 20_000


def test_the_cause_is_in_it(tmp_path: Path) -> None:
    try:
        try:
            raise KeyError("first")
        except KeyError as error:
            raise ValueError("second") from error
    except ValueError as error:
        text = Path(make(tmp_path).write("looks", error)).read_text()
    assert text.index("KeyError: 'first'") < text.index("ValueError: second")


def test_the_same_failure_is_written_once_and_few_are_kept(tmp_path: Path) -> None:
    for start in range(5):
        writer = make(tmp_path)
        for number in range(100):
            part = f"part {start} {number}"
            first = writer.write(part, failure())
            assert writer.write(part, failure("other words")) == first
    assert len(list(tmp_path.iterdir())) == reports.MOST_KEPT


def test_a_folder_that_cannot_be_made_costs_the_report_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "reports").write_text("a file")
    assert make(tmp_path / "reports").write("looks", failure()) == ""
    assert "the report cannot be written" in caplog.text


def test_a_machine_that_does_not_tell(tmp_path: Path) -> None:
    def fail() -> list[str]:
        raise RuntimeError("lost")

    path = Reports(tmp_path, fail, lambda: 0.0).write("looks", failure())
    assert "does not tell: RuntimeError: lost" in Path(path).read_text()
