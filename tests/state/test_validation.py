"""Text in files that is no text, and JSON that is none."""

import pytest

from sgview.state.motion import Motion
from sgview.state.params import Params
from sgview.state.validation import ConfigError, build, decode_json


def test_half_of_a_surrogate_pair_in_a_name_is_one_sentence() -> None:
    with pytest.raises(ConfigError, match=r"^session\.json: a name holds a character that is none"):
        build({"\ud800ms": {}}, Params, "session.json")


@pytest.mark.parametrize("text", ["{", b"\xff", "\ud800", '{"a":' * 5000, '{"positions": 3}'])
def test_json_from_outside_is_a_value_or_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        decode_json(text, Motion)
