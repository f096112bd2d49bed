"""What of a browser's offer is taken: its keys and codecs, and of its addresses its own alone."""

from __future__ import annotations

import ipaddress

from sgview.outputs.page.webrtc.wire import Codec

LONGEST = 16_384  # of an offer [characters]; browsers send about 6,000
MOST_LINES = 600
MOST_CANDIDATES = 8  # addresses that are tried


def address_of(name: str) -> str:
    """Return an address of a socket as ICE writes it.

    Raises:
        ValueError: if ICE cannot use it, such as one that holds for one link only.
    """
    address = ipaddress.ip_address(name.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        if address.is_link_local:
            raise ValueError(f"{name} holds for one link only")
    return str(address)


def acceptable(sdp: str, remote: str) -> str:
    """Return an offer with no address in it but `remote`, that the browser came from.

    Browsers hide their addresses behind names that only multicast DNS knows: asking for those
    would open a socket everywhere. It is the address that they came from, or ICE finds it when the
    browser's own packets arrive; so the end of the list is left out, too. Nothing is ever sent to
    an address that is only claimed.

    Raises:
        ValueError: if it is too long.
    """
    lines = sdp.splitlines()
    if len(sdp) > LONGEST or len(lines) > MOST_LINES:
        raise ValueError("the offer is too long")
    kept: list[str] = []
    candidates = 0
    for line in lines:
        if line.startswith("a=end-of-candidates"):
            continue
        if line.startswith("a=candidate:"):
            own = _own_candidate(line, remote)
            if own is None or candidates >= MOST_CANDIDATES:
                continue
            candidates += 1
            line = own
        kept.append(line)
    return "\r\n".join([*kept, ""])


def _own_candidate(line: str, remote: str) -> str | None:
    """Return a candidate (RFC 8839, section 5.1) at `remote`; None for others."""
    fields = line.split()
    if len(fields) < 8 or fields[2].lower() != "udp" or fields[6:8] != ["typ", "host"]:
        return None
    if not fields[4].endswith(".local") and fields[4] != remote:
        return None
    fields[4] = remote
    return " ".join(fields[:8])


def codec_of(sdp: str, first: Codec) -> Codec:
    """Return the codec to answer an offer with: `first` if the browser has it.

    Raises:
        ValueError: if it has none that is sent here.
    """
    offered = sdp.lower()
    others: tuple[Codec, ...] = ("vp8", "h264")
    for codec in (first, *others):
        if f" {codec}/90000" in offered:
            return codec
    raise ValueError("the browser plays neither VP8 nor H.264")
