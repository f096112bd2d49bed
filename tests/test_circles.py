"""No module imports itself by way of others, and no folder another one that imports it back.

Imports inside functions count, and so do those for types alone: whoever needs the other's name to
be understood is part of a circle, whether or not Python minds.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.support import ROOT

PACKAGES = {"stylegan3": ROOT, "sgview": ROOT / "src", "tools": ROOT}

Graph = Mapping[str, set[str]]


def modules(package: str, below: Path) -> dict[str, Path]:
    """Files by the modules' full names."""
    found = {}
    for path in sorted((below / package).rglob("*.py")):
        parts = path.relative_to(below).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


def arrows(files: Mapping[str, Path]) -> dict[str, set[str]]:
    """Which of these modules each of them imports."""
    graph = {}
    for name, path in files.items():
        wanted = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name} has a relative import"
                for alias in node.names:
                    inner = f"{node.module}.{alias.name}"
                    wanted.add(inner if inner in files else str(node.module))
        graph[name] = (wanted & files.keys()) - {name}
    return graph


def circles(graph: Graph) -> list[list[str]]:
    """Groups of nodes that reach each other: strongly connected components of more than one."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_nodes: list[str] = []
    found = []

    def visit(node: str) -> None:  # Tarjan 1972
        order[node] = lowest[node] = len(order)
        open_nodes.append(node)
        for target in sorted(graph[node]):
            if target not in order:
                visit(target)
            if target in open_nodes:
                lowest[node] = min(lowest[node], lowest[target])
        if lowest[node] == order[node]:
            group = open_nodes[open_nodes.index(node) :]
            del open_nodes[-len(group) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in order:
            visit(node)
    return found


def rooms(graph: Graph, package: str) -> dict[str, set[str]]:
    """The graph between what lies directly in `package`: modules and folders.

    A package's own `__init__` is its door, not a thing in it, and may name what is behind it.
    """
    start = package + "."

    def room(name: str) -> str | None:
        return name[len(start) :].partition(".")[0] if name.startswith(start) else None

    between: dict[str, set[str]] = {}
    for name, wanted in graph.items():
        mine = room(name)
        if mine is not None:
            others = {room(target) for target in wanted}
            between.setdefault(mine, set()).update(o for o in others if o not in (mine, None))  # type: ignore[arg-type]
    return between


def folders(names: Iterable[str]) -> list[str]:
    names = set(names)
    return sorted({name for name in names if any(n.startswith(name + ".") for n in names)})


GRAPHS = {name: arrows(modules(name, below)) for name, below in PACKAGES.items()}
FOLDERS = [
    pytest.param(name, folder, id=folder)
    for name, graph in GRAPHS.items()
    for folder in folders(graph)
]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_is_part_of_a_circle(package: str) -> None:
    assert circles(GRAPHS[package]) == []


@pytest.mark.parametrize(("package", "folder"), FOLDERS)
def test_no_arrow_between_rooms_runs_back_up(package: str, folder: str) -> None:
    assert circles(rooms(GRAPHS[package], folder)) == []


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}) == [["a", "b", "c"]]
    assert circles({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}) == []
    graph = {"p.a.x": {"p.b"}, "p.a.y": set(), "p.b": {"p.a.y"}, "p": {"p.b"}}
    assert circles(graph) == []
    assert circles(rooms(graph, "p")) == [["a", "b"]]


def test_imports_in_functions_and_for_types_are_arrows(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "__init__.py").write_text("")
    (tmp_path / "p" / "a.py").write_text(
        "if TYPE_CHECKING:\n    from p.b import B\ndef f():\n    import p.c\n    from p import d\n"
    )
    for name in "bcd":
        (tmp_path / "p" / f"{name}.py").write_text("import os\n")
    assert arrows(modules("p", tmp_path))["p.a"] == {"p.b", "p.c", "p.d"}
