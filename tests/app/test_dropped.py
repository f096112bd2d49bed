"""What becomes of files that are dropped on the window."""

from pathlib import Path
from typing import Any

import pytest

from sgview.app import dropped
from sgview.state.commands import LoadNetwork, LoadPreset, OpenLatent, OpenScript, OpenSound

A, B, C = Path("a.pkl"), Path("b.safetensors"), Path("c.pt")
LOOK, SHOT = Path("look.toml"), Path("shot.PNG")
SCRIPT, TONE, LATENT = Path("show.py"), Path("Tone.WAV"), Path("w.npz")


@pytest.mark.parametrize(
    ("paths", "slot", "commands"),
    [
        ([A], None, [LoadNetwork("a", A)]),
        ([A], "a", [LoadNetwork("a", A)]),
        ([A], "b", [LoadNetwork("b", A)]),
        ([A, B], None, [LoadNetwork("a", A), LoadNetwork("b", B)]),
        ([LOOK], "b", [LoadPreset(LOOK)]),
        ([LOOK, A], "b", [LoadNetwork("b", A), LoadPreset(LOOK)]),
        ([SCRIPT], "b", [OpenScript(SCRIPT)]),
        ([TONE], None, [OpenSound(TONE)]),
        (
            [LOOK, LATENT, TONE, SCRIPT, A],
            None,
            [
                LoadNetwork("a", A),
                OpenScript(SCRIPT),
                OpenSound(TONE),
                OpenLatent(LATENT),
                LoadPreset(LOOK),
            ],
        ),
        ([Path("what.ever")], None, [LoadNetwork("a", Path("what.ever"))]),
        ([], None, []),
    ],
)
def test_each_kind_of_file_is_opened(paths: list[Path], slot: Any, commands: list) -> None:
    opened, remarks = dropped.sort(paths, slot)
    assert opened == commands
    names = [path.name for path in (SCRIPT, TONE) if path in paths]
    assert [remark.level for remark in remarks] == ["info"] * len(names)
    assert all(name in remark.text for name, remark in zip(names, remarks, strict=True))


@pytest.mark.parametrize(
    ("paths", "commands", "left"),
    [
        ([A, B, C], [LoadNetwork("a", A), LoadNetwork("b", B)], "c.pt"),
        ([SHOT, LOOK], [LoadPreset(SHOT)], "look.toml"),
        (
            [SCRIPT, *(Path(f"{n}.py") for n in range(5))],
            [OpenScript(SCRIPT)],
            "0.py, 1.py, 2.py and 2 more",
        ),
    ],
)
def test_what_is_too_much_is_named(paths: list[Path], commands: list, left: str) -> None:
    hint = "Two networks play, and one of each other kind of file."
    opened, remarks = dropped.sort(paths, "b")
    assert opened == commands
    assert remarks[-1] == ("warning", f"Not opened: {left}.", hint)


def test_a_folder_and_a_take_are_told_what_to_do(tmp_path: Path) -> None:
    folder, take = tmp_path / "shots.png", tmp_path / "night.jsonl.zst"
    folder.mkdir()
    commands, ((_, folders, files), (_, takes, render)) = dropped.sort([take, A, folder], None)
    assert commands == [LoadNetwork("a", A)]
    assert folders == "shots.png: a folder cannot be opened here." and "the files" in files
    assert takes == "night.jsonl.zst: a take becomes a film."
    assert render == "sgview render --take night.jsonl.zst --out film.mp4"
