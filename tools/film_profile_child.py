"""One run of `sgview` that notes when its parts begin and end: what `film_profile` starts.

    python -m tools.film_profile_child MARKS.json render --take ... --out ...

The parts are functions of the program that are wrapped from outside, so that the program itself
knows nothing of it. With `SGVIEW_FILM_PROFILE=1` Python's profiler runs too, which makes all of it
slower and names what the parts do not.
"""

from __future__ import annotations

import cProfile
import functools
import importlib
import io
import json
import os
import pstats
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BEGAN, PROFILED = "SGVIEW_FILM_BEGAN", "SGVIEW_FILM_PROFILE"
_PROFILED_ROWS = 45

_IMPORTS = (
    ("import numpy, msgspec", ("numpy", "msgspec")),
    ("import sgview.cli.render", ("sgview.cli.render",)),
    ("import torch", ("torch",)),
    ("import sgview.engine", ("sgview.engine.engine", "sgview.engine.networks")),
    ("import cuda.core, bindings", ("cuda.core", "cuda.bindings.driver", "cuda.bindings.nvrtc")),
)
"""Modules of a run in the order in which it needs them, but all before it begins."""

_FILM_IMPORTS = ("import av", ("av", "sgview.outputs.film_chunks"))

_PARTS = (
    ("sgview.cli.shots", "plan_take", "take read"),
    ("sgview.cli.render", "ingredients", "ingredients hashed"),
    ("sgview.cli.options", "open_engine", "engine opened"),
    ("stylegan3.loading", "read", "network file read"),
    ("stylegan3.checkpoints.reading", "expected_shapes", "network shapes"),
    ("sgview.engine.network", "describe", "network described"),
    ("sgview.engine.engine", "Engine.set_network", "network set"),
    ("sgview.engine.live_network", "LiveNetwork.__init__", "network uploaded"),
    ("sgview.engine.live_networks", "pair", "networks paired"),
    ("stylegan3.fast.synthesis", "FastSynthesis.__init__", "fast path prepared"),
    ("stylegan3.fast.synthesis", "FastSynthesis.plan", "layers planned"),
    ("stylegan3.cuda.nvrtc", "compile_all", "kernels made ready"),
    ("stylegan3.cuda.nvrtc", "KernelCache.load", "kernel looked up"),
    ("stylegan3.cuda.nvrtc", "compile_kernel", "kernel compiled"),
    ("stylegan3.fast.graphs", "GraphCache._capture", "graph captured"),
    ("sgview.engine.engine", "Engine.render", "picture launched"),
    ("sgview.cli.films.frames", "Arrival.__init__", "download begun"),
    ("sgview.cli.films.frames", "Arrival.pixels", "picture awaited"),
    ("sgview.outputs.film_writers", "PngFolderWriter.write", "picture handed out"),
    ("sgview.outputs.film_writers", "PngFolderWriter.close", "writer closed"),
    ("sgview.outputs.film_writers", "FilmWriter.write", "picture handed out"),
    ("sgview.outputs.film_writers", "FilmWriter.close", "writer closed"),
    ("sgview.engine.engine", "Engine.close", "engine closed"),
)
"""Module, function and what it does."""

_FIRST_ALONE = {"picture launched", "picture awaited", "kernel looked up"}


class Marks:
    """Spans of time in which parts of the program ran."""

    def __init__(self) -> None:
        self.began = float(os.environ.get(BEGAN, time.time()))
        self.parts: dict[str, dict[str, float]] = {}
        self._lock = threading.Lock()
        self._thread = threading.local()

    def wrap(self, function: Callable[..., Any], label: str) -> Callable[..., Any]:
        """Return a function that does the same and is timed."""

        @functools.wraps(function)
        def timed(*args: Any, **options: Any) -> Any:
            outer = getattr(self._thread, "inner", None)
            self._thread.inner = 0.0  # seconds of parts within this one
            since = time.time()
            try:
                return function(*args, **options)
            finally:
                seconds = time.time() - since
                self.note(label, since, seconds, self._thread.inner)
                self._thread.inner = None if outer is None else outer + seconds

        return timed

    def note(self, label: str, since: float, seconds: float, inner: float = 0.0) -> None:
        """Add a span to its part."""
        with self._lock:
            if label in _FIRST_ALONE and label not in self.parts:
                self._add(f"first {label}", since, seconds, inner)
            self._add(label, since, seconds, inner)

    def _add(self, label: str, since: float, seconds: float, inner: float) -> None:
        at = since - self.began
        part = self.parts.setdefault(
            label, {"at": round(at, 3), "calls": 0, "seconds": 0.0, "own": 0.0, "until": 0.0}
        )
        part["calls"] += 1
        part["seconds"] = round(part["seconds"] + seconds, 4)
        part["own"] = round(part["own"] + seconds - inner, 4)
        part["until"] = round(at + seconds, 3)


def main() -> int:
    """Run the program and write the marks; return its exit code."""
    target, arguments = Path(sys.argv[1]), sys.argv[2:]
    marks = Marks()
    marks.note("interpreter", marks.began, time.time() - marks.began)
    profile = cProfile.Profile() if os.environ.get(PROFILED) else None
    is_film = any(word.endswith((".mp4", ".mov", ".mkv", ".webm")) for word in arguments)
    for label, modules in (*_IMPORTS, *([_FILM_IMPORTS] if is_film else [])):
        since = time.time()
        for module in modules:
            importlib.import_module(module)
        marks.note(label, since, time.time() - since)
    _wrap(marks)
    import sgview.cli

    if profile is not None:
        profile.enable()
    code = marks.wrap(sgview.cli.main, "main")(arguments)
    if profile is not None:
        profile.disable()
    report: dict[str, Any] = {"parts": marks.parts, "returned": round(time.time() - marks.began, 3)}
    if profile is not None:
        text = io.StringIO()
        pstats.Stats(profile, stream=text).sort_stats("tottime").print_stats(_PROFILED_ROWS)
        pstats.Stats(profile, stream=text).sort_stats("cumulative").print_stats(2 * _PROFILED_ROWS)
        report["profile"] = text.getvalue().splitlines()
    target.write_text(json.dumps(report))
    return code


def _wrap(marks: Marks) -> None:
    for module_name, path, label in _PARTS:
        owner: Any = importlib.import_module(module_name)
        *outer, name = path.split(".")
        for part in outer:
            owner = getattr(owner, part)
        setattr(owner, name, marks.wrap(getattr(owner, name), label))


if __name__ == "__main__":
    sys.exit(main())
