"""Connecting to Ray: one of this machine is started once more, and what is wrong is a sentence."""

import sys
import types
from typing import Any

import pytest

from sgview.cli.films.cluster import ENVIRONMENT, connect
from sgview.state.validation import ConfigError

SLOW = "The current node timed out during startup. This could happen because ..."


class FakeRay(types.ModuleType):
    """Fails as often as it is told to."""

    def __init__(self, *errors: str) -> None:
        super().__init__("ray")
        self.errors = list(errors)
        self.asked: list[str] = []

    def is_initialized(self) -> bool:
        return False

    def init(self, address: str, **options: Any) -> None:
        self.asked.append(address)
        if self.errors:
            raise RuntimeError(self.errors.pop(0))

    def shutdown(self) -> None:
        self.asked.append("shutdown")


@pytest.mark.parametrize(
    ("where", "errors", "asked", "said"),
    [
        ("2", (), ["local"], ""),
        ("2", (SLOW,), ["local", "shutdown", "local"], ""),
        ("2", (SLOW, SLOW), ["local", "shutdown", "local"], "timed out during startup"),
        ("2", ("no room\nand more",), ["local"], "Ray cannot be started at 2: no room"),
        ("ray://far:1", (SLOW,), ["ray://far:1"], "Ray cannot be started at ray://far:1"),
    ],
)
def test_ray_is_started_again_where_it_was_too_slow(
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    errors: tuple[str, ...],
    asked: list[str],
    said: str,
) -> None:
    ray = FakeRay(*errors)
    monkeypatch.setitem(sys.modules, "ray", ray)
    for name in ENVIRONMENT:
        monkeypatch.setenv(name, "")  # `connect` sets them for good
    if said:
        with pytest.raises(ConfigError, match=said) as failed:
            connect(where)
        assert "\n" not in str(failed.value)
    else:
        assert connect(where) == (ray, True)
    assert ray.asked == asked
