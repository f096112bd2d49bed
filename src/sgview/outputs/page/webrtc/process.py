"""The process that sends WebRTC: packing and encrypting for many takes no time of the show.

    python -m sgview.outputs.page.webrtc.process

Orders come by its standard input, replies go to its standard output; it ends with the input.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from typing import IO

from sgview.outputs.page.webrtc import ice, wire
from sgview.outputs.page.webrtc.peers import Peers
from sgview.outputs.page.webrtc.wire import ORDERS, Picture, Reply

NICENESS = 5  # the show goes first


def main() -> None:
    """Send until nobody orders any more."""
    logging.disable(logging.WARNING)  # of browsers that come and go
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints does not end up among the replies
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    asyncio.run(_serve(sys.stdin.buffer, replies))


async def _serve(orders: IO[bytes], replies: IO[bytes]) -> None:
    ice.restrict()  # the loop has made its own sockets, where it needs any
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def tell(reply: Reply) -> None:
        try:
            wire.write(replies, reply)
        except OSError:  # the program is gone
            ended.set()

    peers = Peers(tell)

    def listen() -> None:
        try:
            while (message := wire.read(orders)) is not None:
                order = ORDERS.decode(message[0])
                if isinstance(order, Picture):
                    peers.encode(order, message[1])
                else:
                    asyncio.run_coroutine_threadsafe(peers.execute(order), loop)
        finally:
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=listen, name="orders", daemon=True).start()
    await ended.wait()
    await peers.close()


if __name__ == "__main__":
    main()
