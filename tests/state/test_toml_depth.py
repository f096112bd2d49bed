"""Deep keys: found before a parser spends time and memory that grow by their square."""

import time
import tomllib
import tracemalloc
from pathlib import Path

import pytest

from sgview.state.params import Edit, Params
from sgview.state.presets import encode, load_preset
from sgview.state.toml_depth import DEEPEST_KEY, has_deep_key
from sgview.state.validation import LARGEST_TOML, ConfigError

MOST_MEMORY = 50e6  # above the file [bytes]
MOST_TIME = 2.0  # a tenth of it on a quiet machine [s]

DEEP = {
    "bare": "a." * 10_000 + "a = 1\n",
    "no value": "a." * 10_000,
    "quoted": '"a".' * 8_000 + "a = 1\n",
    "literal": "'.'.".replace("'.'", "'a'") * 8_000 + "a = 1\n",
    "spaced": "a . " * 8_000 + "a = 1\n",
    "numbers": "1." * 10_000 + "1 = 1\n",
    "table": "[" + "a." * 10_000 + "a]\n",
    "array of tables": "[[" + "a." * 10_000 + "a]]\n",
    "inline": "x = {" + "a." * 10_000 + "a = 1}\n",
    "after a text": 'x = [""" " """, {' + "a." * 10_000 + "a = 1}]\n",
    "after a literal": "x = [''' ' ''', {" + "a." * 10_000 + "a = 1}]\n",
    "after an escape": 'x = ["\\"", {' + "a." * 10_000 + "a = 1}]\n",
    "many": "".join(f"{'a.' * 100}b{n} = 1\n" for n in range(300)),
}
CHEAP = {
    "as deep as may be": "".join(f"{'a.' * 7}b{n} = 1\n" for n in range(2700)),
    "quotes": '"' * 60_000,
    "escapes": '"' + '\\"' * 30_000,
    "triple quotes": '""" " ' * 10_000,
    "words": "a" * 60_000,
    "dots": "." * 60_000,
    "brackets": "[" * 60_000,
    "braces": "x = " + "{a = " * 10_000,
    "blanks": " " * 60_000 + "x",
    "hashes": "#." * 30_000 + "\nx",
    "keys": "".join(f"k{n} = 1\n" for n in range(6_000)),
    "tables": "".join(f"[k{n}]\n" for n in range(7_000)),
}


def cost(path: Path) -> tuple[str, float, int]:
    """Read a preset: what was said, the time [s], the memory at its peak [bytes]."""
    tracemalloc.start()
    start = time.process_time()
    try:
        load_preset(path)
        said = ""
    except ConfigError as error:
        said = str(error)
    seconds = time.process_time() - start
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return said, seconds, peak


@pytest.mark.parametrize("text", [*DEEP.values(), *CHEAP.values()], ids=[*DEEP, *CHEAP])
def test_a_small_file_costs_no_more_than_a_small_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "look.toml"
    path.write_text(text)
    assert len(text) <= LARGEST_TOML
    said, seconds, peak = cost(path)
    assert said.startswith(str(path))
    assert len(said) < 1000
    assert seconds < MOST_TIME
    assert peak < MOST_MEMORY


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_deep_keys_are_found_wherever_they_stand(text: str) -> None:
    assert has_deep_key(text)


def test_texts_and_numbers_are_no_keys() -> None:
    words = ".".join("a" * 100)
    assert not has_deep_key(f'x = "{words}"\ny = """\n{words}\n"""\nz = \'{words}\' # {words}\n')
    assert not has_deep_key("x = [" + "0.5, " * 1000 + "]\n")
    assert not has_deep_key(encode(Params(edits=(Edit(tensor=words, expression=words),))))
    assert has_deep_key(".".join("a" * (DEEPEST_KEY + 1)) + " = 1")
    allowed = ".".join("a" * DEEPEST_KEY) + " = 1"
    assert not has_deep_key(allowed)
    tomllib.loads(allowed)
