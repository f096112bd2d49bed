"""Fetch a file into the cache: on from where it broke off, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sgview.closing import Closing
from sgview.downloads.addresses import DownloadError, normalised
from sgview.downloads.cache import Cache
from sgview.downloads.client import Client, Offer
from sgview.state.file_lock import hold
from sgview.state.text import format_bytes

ATTEMPTS = 4  # in a row that bring nothing
SPARE = 500 * 10**6  # of the disk, left free for all else [bytes]

Progress = Callable[[int, int | None], None]
"""Told how many bytes have come, and of how many."""


class CancelledError(Exception):
    """The user does not want the file any more; what has come is kept."""


class Downloads(Closing):
    """Fetches files and remembers them.

    Args:
        cache: where they are kept.
        client: who asks servers.
    """

    def __init__(self, cache: Cache | None = None, client: Client | None = None) -> None:
        self.cache = cache or Cache()
        self._client = client or Client()

    def ask(self, address: str) -> Offer:
        """Return what lies at an address, before it is fetched.

        Raises:
            DownloadError: one sentence, also when there is no network.
        """
        try:
            return self._client.ask(address)
        except ConnectionError as error:
            raise DownloadError(str(error)) from error

    def find(self, address: str) -> Path | None:
        """Return the file of an address that was fetched before; asks nobody.

        Raises:
            DownloadError: if it is no address.
        """
        return self.cache.find(address)

    def fetch(
        self,
        offer: Offer,
        progress: Progress = lambda received, size: None,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> Path:
        """Return the file, fetched whole; what has come of it before is not fetched again.

        Raises:
            DownloadError: one sentence; what has come is kept where it can be gone on with.
            CancelledError: if `is_cancelled` says so.
        """
        place = self.cache.place_of(normalised(offer.address))
        try:
            place.mkdir(parents=True, exist_ok=True)
            with _alone_in(place):
                self._check_room(offer, place)
                part = _Part(place, offer)
                self._fill(part, offer, progress, is_cancelled)
                return self.cache.keep(offer, part.path, part.sha256())
        except BlockingIOError as error:
            raise DownloadError(f"{offer.name}: another program is fetching it now") from error
        except OSError as error:
            cause = error.strerror or str(error)
            raise DownloadError(f"{place}: {cause}; {offer.name} is not fetched") from error

    def close(self) -> None:
        """Close connections; idempotent."""
        self._client.close()

    def _check_room(self, offer: Offer, place: Path) -> None:
        free, size = shutil.disk_usage(place).free, offer.size or 0
        if free - size < SPARE:
            raise DownloadError(
                f"{offer.name} has {format_bytes(size)}, and the disk of {self.cache.folder} only "
                f"{format_bytes(free)} free: make room, or empty it by sgview cache --clear"
            )
        self.cache.make_room(size, keep=place)

    def _fill(
        self, part: _Part, offer: Offer, progress: Progress, is_cancelled: Callable[[], bool]
    ) -> None:
        failures = 0
        while True:
            before = part.size
            progress(part.size, offer.size)
            try:
                with part:
                    for chunk in self._client.read(offer, part.size):
                        part.add(chunk)
                        progress(part.size, offer.size)
                        if is_cancelled():
                            raise CancelledError
                return
            except ConnectionError as error:
                received = part.size
                if not part.can_go_on:
                    part.drop()
                failures = failures + 1 if part.size <= before else 0
                if failures == ATTEMPTS or is_cancelled():
                    of = "" if offer.size is None else f" of {format_bytes(offer.size)}"
                    has = f" after {format_bytes(received)}{of}" if received else ""
                    advice = "try again to go on" if part.size else "try again"
                    raise DownloadError(f"{error}{has}: {advice}") from error
            except DownloadError:
                part.drop()
                raise


@contextmanager
def _alone_in(place: Path) -> Iterator[None]:
    """Keep other programs from writing there.

    Raises:
        BlockingIOError: if one does.
    """
    handle = hold(place / "lock")
    try:
        yield
    finally:
        os.close(handle)


class _Part:
    """What has come of a file, on the disk; another version of the file begins anew."""

    def __init__(self, place: Path, offer: Offer) -> None:
        self.path = place / "part"
        self._version = place / "part.version"
        self.can_go_on = offer.can_go_on
        known = f"{offer.version} {offer.size}"
        if not self.can_go_on or _text(self._version) != known:
            self.drop()
        self._version.write_text(known, encoding="utf-8")
        self._hash = hashlib.sha256()
        self.size = 0
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            while chunk := file.read(1 << 20):
                self._hash.update(chunk)
                self.size += len(chunk)
        if offer.size is not None and self.size >= offer.size:
            self.drop()

    def __enter__(self) -> _Part:
        self._file = self.path.open("ab")
        return self

    def __exit__(self, *unused: object) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def add(self, chunk: bytes) -> None:
        """Take what has come."""
        self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    def drop(self) -> None:
        """Begin anew."""
        self.path.unlink(missing_ok=True)
        self._hash, self.size = hashlib.sha256(), 0

    def sha256(self) -> str:
        """Return the hash of what has come, as hexadecimal digits."""
        return self._hash.hexdigest()


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(5000)
    except (OSError, ValueError):
        return ""
