"""What docs/python.md shows runs as it stands, in one go."""

import re
import shutil
from pathlib import Path

import pytest

import stylegan3
from tests.support import DATA, ROOT

PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("network", ["sg2-64-a.pkl", "sg3-t-64-a.pkl"])
def test_the_code_of_the_page(
    network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(DATA / network, tmp_path / "faces.pkl")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 6
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)
    assert isinstance(names["again"], stylegan3.Generator)
    if "sg3" in network:
        exec("shown = run(G, ws)\nwhole = G.synthesis(ws)", names)
        exec("assert torch.equal(shown, whole)", names)


def test_the_page_names_what_is_there() -> None:
    for name in re.findall(r"stylegan3\.(\w+)\(", PAGE):
        assert callable(getattr(stylegan3, name)), name
