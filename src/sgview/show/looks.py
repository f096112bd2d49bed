"""Looks: the presets of a folder, each with a thumbnail beside it, and a key that recalls it.

The folder is the truth: files that are added, edited or removed by hand show within a second.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from sgview.outputs.video import OutputError
from sgview.show import look_files
from sgview.show.look_files import Look
from sgview.state.notices import Notices
from sgview.state.params import Params
from sgview.state.places import is_there
from sgview.state.validation import ConfigError

log = logging.getLogger(__name__)

KEYS = range(1, 10)
SCAN_EVERY = 1.0  # [s]


class Looks:
    """Keeps the looks of a folder, and writes new ones without holding up the window.

    Args:
        folder: where looks are read and written; made when the first is saved.
        notices: told what was written, and what could not be.
        now: the source of real time [s].
        shipped: presets that came with the program, by name. The first nine have keys, until the
            user's own take them or give others.
    """

    def __init__(
        self,
        folder: Path,
        notices: Notices,
        now: Callable[[], float],
        shipped: dict[str, Path] | None = None,
    ) -> None:
        self._folder = folder
        self._notices = notices
        self._now = now
        self._thread = ThreadPoolExecutor(1, "sgview looks")
        shipped = shipped or {}
        self._shipped = [
            look_files.as_shipped(look_files.read(path), name)
            for name, path in sorted(shipped.items())
        ]
        self._scan: Future[dict[Path, Look]] | None = None
        self._tasks: list[tuple[Future[None], str]] = []
        self._scanned = now()
        self._own = look_files.scan(folder, {})
        self._bare: Path | None = None  # a look that was saved before there was a picture
        self._given = look_files.read_given_keys(folder)  # by the user, to shipped looks
        self.shown = self._arrange()

    @property
    def thumbnails(self) -> dict[str, np.ndarray]:
        """The small pictures of the looks that are shown, uint8 [H, W, 4] by path."""
        return {str(look.path): look.thumbnail for look in self.shown if look.thumbnail is not None}

    def pictures(self) -> dict[str, np.ndarray]:
        """Return the same pictures by the names of their looks."""
        return {look.name: look.thumbnail for look in self.shown if look.thumbnail is not None}

    def poll(self) -> None:
        """Take in what changed in the folder, and tell of what was written; cheap, each frame."""
        for task, done in [entry for entry in self._tasks if entry[0].done()]:
            self._tasks.remove((task, done))
            self._scanned = float("-inf")
            try:
                task.result()
            except (ConfigError, OutputError, OSError) as error:
                self._fail(str(error), "Choose another presets folder in the settings.")
            else:
                if done:
                    self._notices.add("info", done, now=self._now())
        if self._scan is not None and self._scan.done():
            found, self._scan = self._scan.result(), None
            if found != self._own:
                self._own = found
                self.shown = self._arrange()
        if not self._tasks and self._scan is None and self._now() - self._scanned >= SCAN_EVERY:
            self._scanned = self._now()
            self._scan = self._thread.submit(look_files.scan, self._folder, dict(self._own))

    def find(self, name: str = "", key: int = 0, *, has_shipped: bool = True) -> Look | None:
        """Return the look of that name, or of that key; a notice says why there is none.

        Args:
            name: of it.
            key: of it, where `name` is "".
            has_shipped: whether looks that came with the program have keys now.
        """
        with_key = [look for look in self.shown if has_shipped or not look.is_shipped]
        if name:
            wanted = [look for look in self.shown if look.name == name]
        else:
            wanted = [look for look in with_key if look.key == key]
        if not wanted:
            text = f"There is no look {name}." if name else f"No look has the key {key}."
            hint = "Save one, or choose the key of one by a right click."
            self._notices.add("warning", text, hint, now=self._now())
            return None
        if wanted[0].params is None:
            self._fail(wanted[0].problem, "Everything stays as it was.")
            return None
        return wanted[0]

    def save(self, params: Params, pixels: np.ndarray | None, name: str = "") -> str:
        """Begin to write a look and return its name; it shows at once.

        Args:
            params: what to store.
            pixels: the picture it belongs to, uint8 [H, W, 4]; None: no thumbnail.
            name: "" makes one up. A look of that name is replaced and keeps its key.
        """
        name = look_files.file_name(name) or self._free_name()
        old = self._find_own(name)
        look = Look(
            name,
            old.path if old is not None else self._folder / f"{name}.toml",
            params=params,
            key=old.key if old is not None else self._free_key(),
            thumbnail=None if pixels is None else look_files.shrink(pixels),
        )
        self._own[look.path] = look
        self._bare = look.path if pixels is None else None
        recalls = f": key {look.key} recalls it" if look.key and old is None else ""
        self._begin(f"Saved \u201c{name}\u201d{recalls}", lambda: look_files.write(look))
        return name

    @property
    def wants_picture(self) -> bool:
        """Whether a look was saved before there was a picture to show of it."""
        return self._bare is not None

    def add_picture(self, pixels: np.ndarray) -> None:
        """Give the look that was saved without a picture its thumbnail, from uint8 [H, W, 4]."""
        look = self._own.get(self._bare) if self._bare is not None else None
        self._bare = None
        if look is None or look.params is None or look.thumbnail is not None:
            return
        look = self._own[look.path] = replace(look, thumbnail=look_files.shrink(pixels))
        self._begin("", lambda: look_files.write_thumbnail(look))

    def rename(self, name: str, new_name: str) -> None:
        """Give a look another name."""
        look, new_name = self._find_own(name), look_files.file_name(new_name)
        if look is None or not new_name or new_name == name:
            return
        path = look.path.with_name(new_name + look.path.suffix)
        if self._find_own(new_name) is not None or is_there(path):
            self._fail(f"There is a look {new_name} already.", "Choose another name.")
            return
        self._own[path] = replace(self._own.pop(look.path), name=new_name, path=path)
        self._begin(f"Renamed {name} to {new_name}", lambda: look_files.move(look.path, path))

    def delete(self, name: str) -> None:
        """Move a look to the folder "removed" beside it."""
        if (look := self._find_own(name)) is not None:
            del self._own[look.path]
            place = look.path.parent / look_files.REMOVED
            done = f"Removed the look {name}; it lies in {place}"
            self._begin(done, lambda: look_files.put_away(look.path))

    def set_key(self, name: str, key: int) -> None:
        """Let `key` recall the look, 0 none; another look of that key loses it."""
        look = self._find_own(name)
        if look is None and any(look.name == name for look in self._shipped):
            self._give_key(name, key)
            return
        if look is None or look.params is None or look.key == key:
            return
        others = [path for path, other in self._own.items() if key and other.key == key]
        for path in others:
            self._own[path] = replace(self._own[path], key=0)
        self._own[look.path] = replace(look, key=key)
        done = f"Key {key} recalls {name}" if key else f"{name} has no key now"
        self._begin(done, lambda: look_files.set_key(look.path, key, others))

    def _give_key(self, name: str, key: int) -> None:
        """Let `key` recall a look that came with the program, 0 none."""
        others = [path for path, other in self._own.items() if key and other.key == key]
        for path in others:
            self._own[path] = replace(self._own[path], key=0)
        shipped = {other: given for other, given in self._shipped_keys().items() if given != key}
        given = self._given = {**shipped, name: key}
        done = f"Key {key} recalls {name}" if key else f"{name} has no key now"
        self._begin(done, lambda: look_files.write_given_keys(self._folder, given, others))

    def wait(self) -> None:
        """Finish what is being written, and read the folder again."""
        for task, _ in list(self._tasks):
            task.exception()
        self.poll()
        scan, self._scan = self._scan, None  # no scan on the thread beside the one below
        known = self._own if scan is None else scan.result()
        self._own = look_files.scan(self._folder, known)
        self.shown = self._arrange()

    def close(self) -> None:
        """Finish what is being written."""
        self._thread.shutdown()

    def _begin(self, done: str, task: Callable[[], None]) -> None:
        """Run `task` on the thread; a scan of the folder begun before it is out of date."""
        self._tasks.append((self._thread.submit(task), done))
        self._scan = None
        self.shown = self._arrange()

    def _arrange(self) -> tuple[Look, ...]:
        """Return the user's looks by key, then by name; shipped looks come last."""
        own: list[Look] = []
        for look in sorted(self._own.values(), key=lambda look: look_files.natural(look.name)):
            is_taken = look.key and any(other.key == look.key for other in own)
            own.append(replace(look, key=0) if is_taken else look)
        own.sort(key=lambda look: look.key or len(KEYS) + 1)
        names, used = {look.name for look in own}, {look.key for look in own}
        keys = {name: key for name, key in self._shipped_keys().items() if key not in used}
        shipped = (look for look in self._shipped if look.name not in names)
        return (*own, *(replace(look, key=keys.get(look.name, 0)) for look in shipped))

    def _shipped_keys(self) -> dict[str, int]:
        """Return the keys of the looks that came with the program; the user's own come first."""
        if self._given:
            return self._given
        return {look.name: key for look, key in zip(self._shipped, KEYS, strict=False)}

    def _find_own(self, name: str) -> Look | None:
        return next((look for look in self._own.values() if look.name == name), None)

    def _free_name(self) -> str:
        names = {look.name for look in self._own.values()}
        return next(f"look {n}" for n in range(1, 100_000) if f"look {n}" not in names)

    def _free_key(self) -> int:
        used = {look.key for look in self._own.values()} | set(self._given.values())
        return next((key for key in KEYS if key not in used), 0)

    def _fail(self, text: str, hint: str) -> None:
        log.error("%s", text)
        self._notices.add("error", text, hint, now=self._now())
