"""A real browser: Chromium without a window, told what to do by its debugging protocol."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import shutil
import subprocess
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.support.until import LIMIT, until

NAMES = ("chromium", "chromium-browser", "google-chrome")
PHONE = (390, 844)  # [px]


def chromium() -> str | None:
    """Return the program, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Tab:
    """One page; everything waits until it is done."""

    def __init__(self, run: Callable[[Coroutine[Any, Any, Any]], Any], channel: Any) -> None:
        self._run, self._channel = run, channel
        self._count = 0

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the protocol and return its result."""
        return self._run(asyncio.wait_for(self._ask(method, parameters), LIMIT))

    def evaluate(self, script: str) -> Any:
        """Return what JavaScript gives."""
        answer = self.ask(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, address: str) -> None:
        """Go to a page and wait until it is there."""
        self.ask("Page.navigate", url=address)
        until(lambda: self.evaluate("location.href") == address)
        until(lambda: self.evaluate("document.readyState") == "complete")

    def screenshot(self) -> np.ndarray:
        """Return what is seen, uint8 [H, W, 3]."""
        data = self.ask("Page.captureScreenshot", format="png")["data"]
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))

    async def _ask(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        wanted = self._count
        await self._channel.send_str(
            json.dumps({"id": wanted, "method": method, "params": parameters})
        )
        while True:
            answer = json.loads((await self._channel.receive()).data)
            if answer.get("id") == wanted:
                assert "error" not in answer, answer
                return answer["result"]


@contextmanager
def browser(folder: Path, size: tuple[int, int] = PHONE) -> Iterator[Tab]:
    """Start the browser with one tab of `size` [px]; it keeps its files in `folder`."""
    import aiohttp

    program = chromium()
    assert program is not None
    width, height = size
    process = subprocess.Popen(
        [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
            "--no-first-run", "--disable-extensions", "--disable-dev-shm-usage",
            "--remote-debugging-port=0", "--remote-allow-origins=*", f"--user-data-dir={folder}",
            f"--window-size={width},{height}", "about:blank",
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    loop = asyncio.new_event_loop()
    session = None
    try:
        told = folder / "DevToolsActivePort"
        until(lambda: told.is_file() and "\n" in told.read_text())
        port = told.read_text().splitlines()[0]

        async def connect() -> tuple[Any, Any]:
            session = aiohttp.ClientSession()
            async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                pages = [page for page in await answer.json() if page["type"] == "page"]
            channel = await session.ws_connect(
                pages[0]["webSocketDebuggerUrl"], max_msg_size=64_000_000
            )
            return session, channel

        session, channel = loop.run_until_complete(connect())
        tab = Tab(loop.run_until_complete, channel)
        tab.ask("Page.enable")
        tab.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        yield tab
    finally:
        if session is not None:
            loop.run_until_complete(session.close())
        loop.close()
        process.terminate()
        process.wait(LIMIT)
