"""Names of a network's classes: a text file beside it, one name a line, class 0 first.

The file is called as the network, with `.txt` (`animals.pkl`, `animals.txt`), or `classes.txt`. It
is text and nothing else: what is in it is shown and compared, never executed.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from sgview.state.text import drawable, one_line

SHARED = "classes.txt"  # for all networks of a folder
MOST_BYTES = 4 << 20
LONGEST_NAME = 120  # characters; of longer ones the start
MOST_CLASSES = 1 << 16  # that a number may choose among where no network says how many


def read_class_names(
    network: Path,
    count: int,  # classes of the network
) -> tuple[tuple[str, ...], str]:
    """Return the names beside a network's file, and what is wrong with a file of names or "".

    A file counts where it has as many lines as the network has classes; blank lines at the end do
    not count. Without one there are no names.
    """
    problem = ""
    for path in _files(network) if count else ():
        lines = _lines(path)
        if lines is None:
            continue
        if len(lines) == count:
            return lines, ""
        problem = problem or (
            f"{drawable(path.name)} has {len(lines)} lines for {count} classes: it is not used"
        )
    return (), problem


def class_names_beside(network: Path) -> tuple[str, ...]:
    """Return the names beside a network that nobody has opened yet; () if there are none."""
    return next((lines for path in _files(network) if (lines := _lines(path))), ())


def _files(network: Path) -> tuple[Path, ...]:
    try:
        return network.with_suffix(".txt"), network.with_name(SHARED)
    except ValueError:  # a path without a name
        return ()


def class_numbered(text: str, names: Sequence[str]) -> int:
    """Return the class that a text means: its number, or its name in whatever case.

    Part of a name will do where no other has it.

    Raises:
        ValueError: if no class is called so, or several; one sentence.
    """
    text = one_line(text).strip()
    if text.isdecimal() and len(text) <= 7:
        number = int(text)
        count = len(names) or MOST_CLASSES
        if number >= count:
            raise ValueError(f"there is no class {number}: the last one is {count - 1}")
        return number
    if not names:
        raise ValueError(f"no file beside the network names a class {text!r}: give its number")
    wanted = text.casefold()
    folded = [name.casefold() for name in names]
    if wanted in folded:
        return folded.index(wanted)
    found = [index for index, name in enumerate(folded) if wanted and wanted in name]
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(f"{index} {names[index]}" for index in found[:4])
        more = " .." if len(found) > 4 else ""
        raise ValueError(f"{len(found)} classes are called like {text!r}: {shown}{more}")
    near = difflib.get_close_matches(wanted[:LONGEST_NAME], folded[:10_000], n=1)
    advice = f"; did you mean {names[folded.index(near[0])]!r}?" if near else ""
    raise ValueError(f"no class is called {text!r}{advice}")


def only(number: int) -> tuple[float, ...]:
    """Return the weights of a label of one class alone."""
    return (*[0.0] * number, 1.0)


def _lines(path: Path) -> tuple[str, ...] | None:
    """The lines of a file of names, None if there is none, or it is no text of that kind."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        text = data.decode("utf-8-sig")
    except (OSError, ValueError):  # not there, not readable, no UTF-8, no name that a file can have
        return None
    if len(data) > MOST_BYTES or "\0" in text:
        return None
    lines = text.rstrip().split("\n") if text.strip() else []
    return tuple(one_line(line).strip()[:LONGEST_NAME] for line in lines)
