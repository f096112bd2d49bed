"""`SGVIEW_EXPECT`: skips that cannot hide."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.gl
def test_gl(): pytest.skip("no screen")

@pytest.mark.gl
@pytest.mark.cuda
def test_both(): pytest.skip("no card")

@pytest.mark.gl
@pytest.mark.xfail
def test_known(): assert False

def test_plain(): pytest.skip("not today")
"""


@pytest.mark.parametrize(
    ("expect", "failed", "skipped", "processes"),
    [
        ("", 0, 3, 0),
        ("gl", 1, 2, 0),
        ("cuda", 0, 3, 0),
        ("gl,cuda", 2, 1, 0),
        ("gl,cuda", 2, 1, 2),
    ],
)
def test_a_skip_fails_when_all_it_needs_is_expected(
    tmp_path: Path, expect: str, failed: int, skipped: int, processes: int
) -> None:
    shutil.copy(Path(__file__).parent / "conftest.py", tmp_path)
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  gl\n  cuda\n")
    result = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q",
            "-n", str(processes), str(tmp_path),
        ],
        env={**os.environ, "SGVIEW_EXPECT": expect}, cwd=tmp_path,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert f"{skipped} skipped, 1 xfailed" in result.stdout
    assert (f"{failed} failed" in result.stdout) == bool(failed)
    assert result.returncode == bool(failed)
    if failed:
        assert "no screen" in result.stdout
