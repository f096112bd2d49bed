"""Networks from addresses: asked about, fetched on a thread of their own, then loaded."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import assert_never

from sgview.closing import Closing
from sgview.downloads.addresses import DownloadError, host_of, normalised
from sgview.downloads.catalogue import PublicNetwork, known
from sgview.downloads.client import Offer
from sgview.downloads.fetch import CancelledError, Downloads
from sgview.state import commands as c
from sgview.state.notices import Notices
from sgview.state.status import DownloadStatus

log = logging.getLogger(__name__)


class Fetching(Closing):
    """One download at a time; further ones wait.

    Args:
        notices: told what could not be fetched.
        now: the source of real time [s].
        downloads: who fetches; None: into the cache of this user.
    """

    def __init__(
        self, notices: Notices, now: Callable[[], float], downloads: Downloads | None = None
    ) -> None:
        self._notices = notices
        self._now = now
        self._downloads = downloads or Downloads()
        self._thread: ThreadPoolExecutor | None = None  # made for the first address
        self._wishes: deque[c.AskDownload] = deque()
        self._asking: Future[Offer] | None = None
        self._offer: Offer | None = None
        self._known: PublicNetwork | None = None  # what the catalogue says of the offer
        self._fetching: Future[Path] | None = None
        self._received = 0
        self._stop = Event()

    def execute(self, command: c.DownloadCommand) -> None:
        """Do what the user asks for, or answers."""
        match command:
            case c.AskDownload():
                self._wishes.append(command)
            case c.AgreeDownload():
                self._fetch()
            case c.CancelDownload():
                self._cancel()
            case _:
                assert_never(command)

    def poll(self) -> c.Command | None:
        """Go on with what is asked for; return what is to be loaded now. Never waits."""
        if not self._wishes:
            return None
        wish = self._wishes[0]
        try:
            if self._fetching is not None and self._fetching.done():
                return self._loads(wish, self._fetching.result())
            if self._asking is not None and self._asking.done():
                asking, self._asking = self._asking, None
                self._offer = asking.result()
                self._known = known(self._offer.address)
                if wish.is_agreed:
                    self._fetch()
            elif self._asking is None and self._offer is None:
                if (path := self._downloads.find(wish.address)) is not None:
                    return self._loads(wish, path)
                self._asking = self._submit(self._downloads.ask, wish.address)
        except CancelledError:
            self._next()
        except DownloadError as error:
            self._fail(str(error))
        return None

    def status(self) -> DownloadStatus | None:
        """Return what is asked, or how far it is; None if nothing is on its way."""
        if not self._wishes or (self._offer is None and self._asking is None):
            return None
        wish, offer = self._wishes[0], self._offer
        if offer is None:
            return DownloadStatus(wish.slot, "", host_of(normalised(wish.address)))
        network = self._known
        return DownloadStatus(
            wish.slot,
            offer.name,
            offer.host,
            is_question=self._fetching is None,
            is_private=offer.is_private,
            received=self._received,
            size=offer.size,
            licence=network.licence if network else "",
            page=network.page if network else "",
        )

    def close(self) -> None:
        """Stop fetching; what has come is kept. Idempotent."""
        self._stop.set()
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
        self._downloads.close()

    def _submit(self, function: Callable[..., object], *arguments: object) -> Future:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "sgview download")
        return self._thread.submit(function, *arguments)

    def _fetch(self) -> None:
        if self._offer is None or self._fetching is not None:
            return
        self._stop.clear()
        self._received = 0
        self._fetching = self._submit(
            self._downloads.fetch, self._offer, self._note_progress, self._stop.is_set
        )

    def _note_progress(self, received: int, size: int | None) -> None:
        self._received = received

    def _cancel(self) -> None:
        if self._fetching is not None:
            self._stop.set()  # and `poll` sees it end
        elif self._offer is not None:
            self._next()

    def _loads(self, wish: c.AskDownload, path: Path) -> c.Command:
        self._next()
        return c.LoadNetwork(wish.slot, path)

    def _next(self) -> None:
        """Let the next wish have its turn."""
        self._wishes.popleft()
        self._asking = self._offer = self._known = self._fetching = None

    def _fail(self, text: str) -> None:
        log.error("%s", text)
        self._notices.add("error", text, "What plays goes on.", now=self._now())
        self._next()
