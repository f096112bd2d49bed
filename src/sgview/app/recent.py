"""The networks opened lately, kept from one start to the next."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path

from sgview.state.networks import is_built_in
from sgview.state.places import absolute, is_folder, working_folder
from sgview.state.whole_file import write_whole

log = logging.getLogger(__name__)


class RecentFiles:
    """Absolute paths, newest first, in a JSON file.

    The list is a convenience: a file that cannot be read or written costs a log line, no more.

    Args:
        path: where it is kept.
        limit: the most paths remembered.
    """

    def __init__(self, path: Path, limit: int = 12) -> None:
        self._path = path
        self._limit = limit
        self.paths: tuple[str, ...] = self._read()

    @property
    def folder(self) -> Path:
        """The folder of the newest file whose folder is there, else the working folder."""
        folders = (Path(name).parent for name in self.paths)
        return next(filter(is_folder, folders), working_folder())

    def note(self, paths: Iterable[str], known: Iterable[str]) -> None:
        """Put files that turned out to be networks first, unless they were `known`."""
        for path in paths:
            if not is_built_in(path) and path not in known:
                self.add(Path(path))

    def add(self, path: Path) -> None:
        """Put `path` first and write the list."""
        name = str(absolute(path))
        others = [other for other in self.paths if other != name]
        self.paths = (name, *others)[: self._limit]
        try:
            write_whole(self._path, json.dumps(list(self.paths), indent=1))
        except OSError as error:
            log.warning("the list of recent files cannot be written: %s", error)

    def _read(self) -> tuple[str, ...]:
        try:
            names = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, RecursionError) as error:
            log.warning("%s is not a list of recent files: %s", self._path, error)
            return ()
        if not isinstance(names, list):
            return ()
        return tuple(name for name in names if isinstance(name, str))[: self._limit]
