"""A stand-in for pools of threads: what is submitted is done at once, before `submit` returns."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class AtOnce(Executor):
    """Takes the place of `ThreadPoolExecutor`, so that a test has nothing to wait for."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def submit(self, deed: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(deed(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future
