"""The import table of ARCHITECTURE.md, and what every module imports: read, never executed.

    python -m tools.import_table        # tells where the two disagree

A row names one room, or a few modules that share one. A room is a package with all that is in it; a
more precise row counts before it. `stylegan3` and `sgview` by themselves mean only what their
`__init__` offers, and so does every package that a cell calls `face of`.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The checkout."""

DOCUMENT = ROOT / "ARCHITECTURE.md"
SOURCES = (ROOT / "src" / "sgview", ROOT / "stylegan3")

_HEADER = "| room | what it is | may import | libraries |"
_NAME = re.compile(r"(face of )?`([\w.]+)`")


@dataclass(frozen=True)
class Room:
    """One row: which modules it is for, and what they may import."""

    names: tuple[str, ...]  # "stylegan3.ops"; several where modules share a row
    purpose: str
    imports: tuple[str, ...]  # rooms, all that is in them
    faces: tuple[str, ...]  # rooms of which only the names in their `__init__` are used
    libraries: tuple[str, ...]  # top packages of other projects

    @property
    def name(self) -> str:
        """The first of its names."""
        return self.names[0]

    def allows(self, wanted: str, modules: Set[str]) -> bool:
        """Whether its modules may import `wanted`: a module, or a name in one, in full."""
        owner = owner_of(wanted, modules)
        if owner is None:
            return is_standard(wanted) or any(is_within(wanted, name) for name in self.libraries)
        return owner in self.faces or any(holds(n, owner) for n in (*self.names, *self.imports))


@dataclass(frozen=True)
class Module:
    """One file of Python."""

    name: str  # "sgview.state.params"; a package's `__init__` has the name of the package
    path: Path

    @cached_property
    def imports(self) -> frozenset[str]:
        """The full names it imports, those inside functions included."""
        is_package = self.path.name == "__init__.py"
        package = self.name if is_package else self.name.rpartition(".")[0]
        found = set()
        for node in ast.walk(ast.parse(self.path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = [*(above if node.level else []), *([node.module] if node.module else [])]
                found |= {".".join([*base, alias.name]) for alias in node.names}
        return frozenset(found)


def read_table(text: str | None = None) -> tuple[Room, ...]:
    """Return the rows of the table, in their order.

    Raises:
        ValueError: if there is no table, or a row has not four cells or names no room.
    """
    lines = (DOCUMENT.read_text(encoding="utf-8") if text is None else text).splitlines()
    if _HEADER not in lines:
        raise ValueError(f"no table that begins with {_HEADER!r}")
    rooms = []
    for line in lines[lines.index(_HEADER) + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4 or not _NAME.search(cells[0]):
            raise ValueError(f"not a row of a room: {line!r}")
        names = tuple(_names(cells[0]))
        top = names[0].partition(".")[0]
        rooms.append(
            Room(
                names,
                cells[1],
                tuple(_full(name, top) for name in _names(cells[2], is_face=False)),
                tuple(_full(name, top) for name in _names(cells[2], is_face=True)),
                tuple(_names(cells[3])),
            )
        )
    return tuple(rooms)


def modules(sources: Iterable[Path] = SOURCES) -> tuple[Module, ...]:
    """Return every module of packages, by their folders."""
    found = []
    for source in sources:
        for path in sorted(source.rglob("*.py")):
            parts = path.relative_to(source.parent).with_suffix("").parts
            found.append(Module(".".join(parts).removesuffix(".__init__"), path))
    return tuple(found)


def room_of(name: str, rooms: tuple[Room, ...]) -> Room | None:
    """Return the room that a module belongs to: the one whose name is the longest."""
    found = [(len(key), room) for room in rooms for key in room.names if holds(key, name)]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def owner_of(wanted: str, modules: Set[str]) -> str | None:
    """Return the module that an imported name comes from, or None outside of the project."""
    parts = wanted.split(".")
    names = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((name for name in names if name in modules), None)


def holds(room: str, module: str) -> bool:
    """Whether a room of that name holds a module; `stylegan3` by itself is its `__init__`."""
    return room == module or ("." in room and module.startswith(room + "."))


def is_within(name: str, package: str) -> bool:
    """Whether a name is a package's, or the package itself."""
    return name == package or name.startswith(package + ".")


def is_standard(name: str) -> bool:
    """Whether a name comes with Python."""
    return name.partition(".")[0] in sys.stdlib_module_names


def disagreements(rooms: tuple[Room, ...], found: tuple[Module, ...]) -> Iterator[str]:
    """Say what modules import and may not, and what rooms may import and do not."""
    names = frozenset(module.name for module in found)
    used: dict[str, set[str]] = {room.name: set() for room in rooms}
    for module in found:
        room = room_of(module.name, rooms)
        if room is None:
            yield f"{module.name} has no row in the table"
            continue
        used[room.name] |= {owner_of(wanted, names) or "" for wanted in module.imports}
        for wanted in sorted(module.imports):
            if not room.allows(wanted, names):
                yield f"{module.name} must not import {wanted}"
    for room in rooms:
        for name in room.names:
            if name not in names:
                yield f"{name} has a row, and is not there"
        for name in (*room.imports, *room.faces):
            if not any(holds(name, owner) for owner in used[room.name]):
                yield f"{room.name} may import {name}, and does not"


def _names(cell: str, is_face: bool | None = None) -> Iterator[str]:
    for match in _NAME.finditer(cell):
        if is_face is None or bool(match[1]) == is_face:
            yield match[2]


def _full(name: str, top: str) -> str:
    """`state` in a row of sgview is `sgview.state`; full names stay."""
    return name if name.partition(".")[0] in ("sgview", "stylegan3") else f"{top}.{name}"


if __name__ == "__main__":
    print(*disagreements(read_table(), modules()), sep="\n")
