"""Which text is the address of a file, and where the file behind a page for people lies."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit

LONGEST = 2000  # of an address [characters]
SCHEMES = ("https", "http")

_UNSAFE = re.compile(r"[^\w.+=@ -]")
_CONTROL = re.compile(r"[\x00-\x20\x7f]")


class DownloadError(Exception):
    """Why there is no file: one sentence with the address, the cause, and what to do."""


def is_address(text: object) -> bool:
    """Return whether `text` is meant as an address; also "https:/x", as paths write it."""
    begin = str(text)[:8].lower()
    return begin.startswith(("https:/", "http:/"))


def normalised(text: object) -> str:
    """Return the address of the file itself.

    What people copy is often the page about a file: those of Hugging Face, GitHub, Google Drive
    and Dropbox become the address that their own button for downloads has.

    Raises:
        DownloadError: if it is no address that can be asked.
    """
    address = re.sub(r"^(https?):/(?!/)", r"\1://", str(text).strip(), flags=re.IGNORECASE)
    if len(address) > LONGEST or _CONTROL.search(address):
        raise DownloadError("this is no address: it is too long, or holds blanks")
    try:
        parts = urlsplit(address)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        has_host = False
    if not has_host or parts.scheme.lower() not in SCHEMES:
        raise DownloadError(
            f"{address}: this is no address of a file; it looks like https://HOST/FILE"
        )
    if parts.username or parts.password:
        raise DownloadError(f"{parts.hostname}: leave name and password out of the address")
    rewrite = _PAGES.get(str(parts.hostname).removeprefix("www."))
    return rewrite(address) if rewrite else urlunsplit(parts._replace(fragment=""))


def host_of(address: str) -> str:
    """Return whom an address asks, for people: "host" or "host:port"."""
    parts = urlsplit(address)
    return str(parts.hostname) if parts.port is None else f"{parts.hostname}:{parts.port}"


def file_name(address: str) -> str:
    """Return the name for the file behind an address: its last part, safe on any disk."""
    name = unquote(PurePosixPath(urlsplit(address).path).name)
    return safe_name(name) or "network"


def safe_name(name: str) -> str:
    """Return `name` without folders, without what a disk refuses, and not long."""
    name = _UNSAFE.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    return name if len(name) <= 100 else f"{name[:60]}~{name[-39:]}"


def _hugging_face(address: str) -> str:
    return re.sub(r"(huggingface\.co/.+?)/blob/", r"\1/resolve/", address, count=1)


def _github(address: str) -> str:
    return re.sub(r"(github\.com/[^/]+/[^/]+)/blob/", r"\1/raw/", address, count=1)


def _dropbox(address: str) -> str:
    return re.sub(r"([?&])dl=0\b", r"\1dl=1", address, count=1)


def _google_drive(address: str) -> str:
    parts = urlsplit(address)
    found = re.search(r"/file/d/([\w-]+)", parts.path)
    identity = found[1] if found else parse_qs(parts.query).get("id", [""])[0]
    if not re.fullmatch(r"[\w-]+", identity):
        return address
    host = "https://drive.usercontent.google.com/download"
    return f"{host}?id={identity}&export=download&confirm=t"


_PAGES: dict[str, Callable[[str], str]] = {
    "huggingface.co": _hugging_face,
    "github.com": _github,
    "dropbox.com": _dropbox,
    "drive.google.com": _google_drive,
}
