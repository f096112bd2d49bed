"""Who may import whom: the table of ARCHITECTURE.md, walked over every module's imports."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from tools.import_table import (
    Module,
    Room,
    disagreements,
    holds,
    is_within,
    modules,
    read_table,
    room_of,
)

MODULES = modules()
FACES = ("stylegan3", "stylegan3.checkpoints", "stylegan3.cuda", "stylegan3.fast")
"""Packages of the generators that the program knows, by the names in their `__all__`."""
TABLE = read_table()

EXAMPLE = """
| room | what it is | may import | libraries |
|---|---|---|---|
| `top.a`, `top.b` | two | `stylegan3.ops`, face of `stylegan3.fast`, `stylegan3` | `torch` |

| `top.c` | no row | | |
"""


def test_the_table_and_the_imports_agree() -> None:
    """Every module has a row and keeps to it, and no row or permission is for nothing."""
    told = list(disagreements(TABLE, MODULES))
    assert not told, "\n".join(told)


def test_no_arrow_of_the_table_runs_back_up() -> None:
    below = {room: set(range(TABLE.index(room) + 1, len(TABLE))) for room in TABLE}
    for room in TABLE:
        for name in (*room.imports, *room.faces):
            target = room_of(name, TABLE)
            assert target is not None
            assert TABLE.index(target) in below[room], f"{room.name} stands below {target.name}"


def offered() -> set[str]:
    """Return the full names that the faces offer, and their own."""
    names = {f"{face}.{name}" for face in FACES for name in import_module(face).__all__}
    return names.union(FACES)


@pytest.mark.parametrize(
    "module", [m for m in MODULES if is_within(m.name, "sgview")], ids=lambda module: module.name
)
def test_sgview_knows_only_the_faces_of_the_generators(module: Module) -> None:
    wanted = {found for found in module.imports if is_within(found, "stylegan3")}
    assert wanted <= offered(), f"{module.name} must not import {sorted(wanted - offered())}"


@pytest.mark.parametrize("face", FACES)
def test_a_face_offers_what_it_names_and_costs_nothing(face: str) -> None:
    module = import_module(face)
    for _ in range(2):  # modules that were imported meanwhile take no name
        assert all(not isinstance(getattr(module, name), ModuleType) for name in module.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        module.nothing  # noqa: B018
    code = f"import sys, {face}; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_nobody_imports_the_application() -> None:
    above = ("sgview.cli", "sgview.app", "sgview.__main__")
    for module in MODULES:
        if not any(holds(name, module.name) for name in above):
            users = [w for w in module.imports for name in above if is_within(w, name)]
            assert not users, f"{module.name} imports {users}"


def test_one_module_chooses_the_glfw_library() -> None:
    users = [m.name for m in MODULES if any(is_within(wanted, "glfw") for wanted in m.imports)]
    assert users == ["sgview.gfx.glfw_library"]


def test_a_table_is_read_as_it_is_written() -> None:
    assert read_table(EXAMPLE) == (
        Room(
            ("top.a", "top.b"),
            "two",
            ("stylegan3.ops", "stylegan3"),
            ("stylegan3.fast",),
            ("torch",),
        ),
    )
    with pytest.raises(ValueError, match="not a row"):
        read_table(EXAMPLE.replace("| two ", "two "))


def test_each_disagreement_is_told(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("import torch.nn, json, other\nfrom top import b, d\n")
    found = (Module("top.a", path), Module("top.d", path), Module("stylegan3.ops", path))
    assert list(disagreements(read_table(EXAMPLE), found)) == [
        "top.a must not import other",
        "top.a must not import top.b",
        "top.a must not import top.d",
        "top.d has no row in the table",
        "stylegan3.ops has no row in the table",
        "top.b has a row, and is not there",
        "top.a may import stylegan3.ops, and does not",
        "top.a may import stylegan3, and does not",
        "top.a may import stylegan3.fast, and does not",
    ]


@pytest.mark.parametrize(
    ("wanted", "is_allowed"),
    [
        ("stylegan3.ops.bias_act.bias_act", True),
        ("stylegan3.fast.FastSynthesis", True),
        ("stylegan3.fast.synthesis.FastSynthesis", False),
        ("stylegan3.Generator", True),
        ("stylegan3.generator.Generator", False),
        ("top.b.name", True),
        ("top.c.name", False),
        ("torch.nn", True),
        ("torchvision", False),
        ("json.loads", True),
    ],
)
def test_a_face_is_less_than_its_room(wanted: str, is_allowed: bool) -> None:
    (room,) = read_table(EXAMPLE)
    names = {"stylegan3", "stylegan3.ops", "stylegan3.ops.bias_act", "stylegan3.generator"}
    names |= {"stylegan3.fast", "stylegan3.fast.synthesis", "top.a", "top.b", "top.c"}
    assert room.allows(wanted, names) is is_allowed


def test_the_walk_sees_relative_and_local_imports(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("from . import a\nfrom ..b import c\ndef f():\n    import torch.nn\n")
    assert Module("top.inner.module", path).imports == {"top.inner.a", "top.b.c", "torch.nn"}


@pytest.mark.parametrize("heavy", ["torch", "OpenGL", "glfw", "imgui_bundle", "cuda"])
def test_importing_sgview_imports_nothing_heavy(heavy: str) -> None:
    code = f"import sys, sgview, sgview.state, sgview.settings; assert {heavy!r} not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
