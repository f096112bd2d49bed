"""Addresses on the command line: a question, `--yes`, the cache and the catalogue."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest

from sgview.cli import main
from tests.support import DATA
from tests.support.web_server import serving, whole

FILE = DATA / "sg2-64-a.pkl"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: folder)
    return folder


@pytest.fixture
def address() -> Iterator[str]:
    with serving({"/net.pkl": whole(FILE.read_bytes())}) as (server, _):
        yield f"{server}/net.pkl"


def test_without_consent_nothing_is_fetched(address: str, capsys) -> None:
    assert main(["inspect", address]) == 2
    errors = capsys.readouterr().err
    assert "add --yes" in errors and "127.0.0.1" in errors
    assert main(["cache"]) == 0
    assert capsys.readouterr().out.startswith("0 networks")


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("\n", 2), ("no\n", 2)])
def test_a_terminal_is_asked(
    address: str, answer: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", terminal)
    assert main(["inspect", address]) == code


def test_yes_fetches_once_and_the_cache_lists_it(address: str, capsys, cache: Path) -> None:
    assert main(["inspect", address, "--yes", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["family"] == "StyleGAN2"
    assert main(["inspect", address]) == 0  # from the cache
    capsys.readouterr()
    assert main(["cache"]) == 0
    listed = capsys.readouterr().out
    assert "net.pkl" in listed and address in listed and str(cache) in listed
    assert main(["cache", "--remove", "net.pkl"]) == 0
    assert main(["cache", "--remove", "net.pkl"]) == 2
    assert main(["cache", "--clear"]) == 0
    assert not list(cache.rglob("*.pkl"))


def test_a_file_that_came_damaged_says_how_it_is_fetched_anew(capsys, tmp_path: Path) -> None:
    half = FILE.read_bytes()[:9000]
    with serving({"/half.pkl": whole(half)}) as (server, _):
        assert main(["inspect", f"{server}/half.pkl", "--yes"]) == 2
    assert "fetch it anew after `sgview cache --remove half.pkl`" in capsys.readouterr().err
    assert main(["cache", "--remove", "half.pkl"]) == 0
    (tmp_path / "half.pkl").write_bytes(half)
    capsys.readouterr()
    assert main(["inspect", str(tmp_path / "half.pkl")]) == 2
    assert "cache" not in capsys.readouterr().err.replace(str(tmp_path), "")


@pytest.mark.parametrize("verb", ["networks", "networks --json", "cache"])
def test_who_reads_the_beginning_alone_gets_no_traceback(verb: str) -> None:
    program = [sys.executable, "-m", "sgview", *verb.split()]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(program, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_render_and_convert_take_addresses(address: str, tmp_path: Path) -> None:
    out = tmp_path / "pictures"
    assert main(["render", address, "--yes", "--frames", "1", "--out", str(out)]) == 0
    assert len(list(out.glob("*.png"))) == 1
    target = tmp_path / "net.safetensors"
    assert main(["convert", address, str(target)]) == 0
    assert target.stat().st_size > 0


def test_the_catalogue_is_listed_and_searched(capsys) -> None:
    assert main(["networks"]) == 0
    everything = capsys.readouterr().out
    assert main(["networks", "wikiart"]) == 0
    some = capsys.readouterr().out
    assert 0 < len(some) < len(everything)
    assert main(["networks", "nobody-has-this"]) == 2
    assert "nobody-has-this: none of the networks" in capsys.readouterr().err
    assert main(["networks", "--json"]) == 0
    assert all(row["address"].startswith("https://") for row in json.loads(capsys.readouterr().out))
