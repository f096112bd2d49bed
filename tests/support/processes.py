"""Other processes of this machine, found by what they call themselves."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def descendants_called(name: str, ancestor: int) -> list[int]:
    """Return the numbers of the processes whose command line begins so, of one family only.

    Linux alone has /proc; elsewhere there are none.
    """
    parents: dict[int, int] = {}
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            number = int(folder.name)
            # The name in parentheses may hold spaces; after it come state and parent.
            parents[number] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if (folder / "cmdline").read_bytes().startswith(name.encode()):
                found.append(number)
    return sorted(number for number in found if _descends(number, ancestor, parents))


def _descends(number: int, ancestor: int, parents: dict[int, int]) -> bool:
    while number in parents:
        number = parents[number]
        if number == ancestor:
            return True
    return False
