"""Text in files that is no text."""

import pytest

from sgview.state.params import Params
from sgview.state.validation import ConfigError, build


def test_half_of_a_surrogate_pair_in_a_name_is_one_sentence() -> None:
    with pytest.raises(ConfigError, match=r"^session\.json: a name holds a character that is none"):
        build({"\ud800ms": {}}, Params, "session.json")
