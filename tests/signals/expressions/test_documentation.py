"""docs/signals.md against what there is."""

import re
import tomllib

import msgspec
import pytest

from sgview.signals.expressions.expressions import Expression
from sgview.signals.osc.journeys import going_of
from sgview.signals.osc.remote import apply_message, recall_of
from sgview.state.language import WORDS
from sgview.state.params import Edit, Params
from sgview.state.paths import leaf_at
from tests.support import ROOT

TEXT = (ROOT / "docs" / "signals.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.usage)
def test_every_word_stands_there_with_its_example(word) -> None:
    assert f"| `{word.usage}` | {word.help} | `{word.example}` |" in TEXT


def test_recipes_can_be_written() -> None:
    recipes = TEXT[TEXT.index("### Recipes") : TEXT.index("### What is refused")]
    texts = re.findall(r"\| `(.+)` \|", recipes)
    assert len(texts) >= 8
    for text in texts:
        Expression(text)


def test_the_preset_of_the_page_is_one() -> None:
    block = TEXT[TEXT.index("```toml\n[bindings]") :].split("```")[1].removeprefix("toml\n")
    params = msgspec.convert(tomllib.loads(block), Params)
    for path, text in params.bindings.items():
        assert leaf_at(path) is not None
        Expression(text)


def test_messages_of_the_page_act() -> None:
    messages = re.findall(r"`(/sgview/[^`*]+ [^`*]+)`", TEXT)
    assert len(messages) > 12
    for message in messages:
        address, *words = message.split()
        values = [float(w) if re.fullmatch(r"[\d.]+", w) else w for w in words]
        params = Params(edits=(Edit(tensor="a"),))
        if recall_of(address, values) is None and not going_of(params, address, values, int):
            apply_message(params, address, values, {})
