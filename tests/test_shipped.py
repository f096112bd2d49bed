"""What the wheel holds: every module that the program needs, and none that tests alone import."""

import ast
import tomllib
from pathlib import Path

import pytest

from sgview import resources
from sgview.cli import VERBS
from tests.support import ROOT
from tests.test_layering import FACES
from tools.import_table import Module, modules

KERNELS = ROOT / "stylegan3" / "fast" / "kernels"
STARTS = ("sgview.__main__", "sgview.cli", *(f"sgview.cli.{verb}" for verb in VERBS), *FACES)


def left_out() -> set[Path]:
    """Return the files that the wheel leaves out."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["hatch"]["build"]["targets"]["wheel"]["exclude"]
    return {path for pattern in patterns for path in ROOT.glob(pattern)}


def shipped() -> dict[str, Path]:
    """Return the modules in the wheel, by name."""
    return {m.name: m.path for m in modules() if m.path not in left_out()}


def needs(name: str, path: Path, known: set[str]) -> set[str]:
    """Return which of the known modules are imported by one, named in it, or hold it."""
    words = {
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    wanted = set()
    for found in Module(name, path).imports | words | {name}:
        parts = found.split(".")
        wanted |= {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
    return wanted & known


def reached(starts: tuple[str, ...], graph: dict[str, set[str]]) -> set[str]:
    seen, waiting = set[str](), list(starts)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph[name]
    return seen


def test_no_shipped_module_is_imported_by_tests_alone() -> None:
    here = shipped()
    graph = {name: needs(name, path, set(here)) for name, path in here.items()}
    assert sorted(set(here) - reached(STARTS, graph)) == []


def test_nothing_shipped_needs_what_is_left_out() -> None:
    every = {module.name: module.path for module in modules()}
    absent = {name for name, path in every.items() if path in left_out()}
    assert absent
    for name, path in shipped().items():
        assert not needs(name, path, absent), name


def test_what_lies_at_the_top_of_a_checkout_travels_inside_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    placed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert placed == {name: f"sgview/{name}" for name in ("shaders", "configs", "docs")}
    assert resources.documentation() == ROOT / "docs"


def test_the_walk_finds_what_nobody_needs(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text('from top.used import name\nLATER = "top.inner.named"\n')
    known = {"top", "top.used", "top.inner", "top.inner.named", "top.unused", "top.one"}
    assert needs("top.one", path, known) == known - {"top.unused"}
    assert reached(("a",), {"a": {"b"}, "b": {"a"}, "c": {"a"}}) == {"a", "b"}


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in KERNELS.glob("*/launcher.py")), ids=lambda p: p.name
)
def test_a_kernel_has_its_source_and_its_reference_beside_the_launcher(folder: Path) -> None:
    assert list(folder.glob("*.cu")) and (folder / "reference.py") in left_out()
    reference = ast.parse((folder / "reference.py").read_text(encoding="utf-8"))
    classes = [node for node in ast.walk(reference) if isinstance(node, ast.ClassDef)]
    own = {node.name for node in classes}
    bases = {ast.unparse(base) for node in classes for base in node.bases}
    assert classes and bases <= own  # plain torch, no heir of what it is to be compared with
