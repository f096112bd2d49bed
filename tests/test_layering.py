"""Who may import whom: the table of ARCHITECTURE.md, walked over every module's imports."""

import ast
import sys
from pathlib import Path

import pytest

from tests.support import ROOT

SOURCES = (ROOT / "src" / "sgview", ROOT / "stylegan3")

STATE = {"sgview.state", "msgspec"}
SOURCES_OF_SIGNALS = {"pythonosc", "mido", "watchfiles", "numpy", "av", "sounddevice"}
ALLOWED: dict[str, set[str]] = {
    "stylegan3": {"stylegan3", "torch", "numpy", "scipy", "cuda", "safetensors", "platformdirs"},
    "sgview.state": {*STATE, "tomlkit"},
    "sgview.signals": {*STATE, "sgview.signals", "sgview.closing", *SOURCES_OF_SIGNALS},
    "sgview.engine": {
        *STATE, "sgview.engine", "sgview.closing", "sgview.resources", "stylegan3", "torch",
        "numpy",
    },
    "sgview.gfx": {
        "sgview.gfx", "sgview.closing", "sgview.resources", "OpenGL", "glfw", "cuda", "numpy",
    },
    "sgview.gui": {*STATE, "sgview.gui", "sgview.closing", "imgui_bundle", "numpy"},
    "sgview.outputs": {*STATE, "sgview.outputs", "sgview.closing", "numpy", "av", "PIL"},
    "sgview.show": {
        *STATE, "sgview.show", "sgview.signals", "sgview.outputs", "sgview.settings",
        "sgview.closing", "zstandard", "numpy", "PIL", "watchfiles",
    },
    "sgview.resources": set(),
    "sgview.settings": {*STATE, "platformdirs"},
    "sgview.closing": set(),
}  # fmt: skip
UNRESTRICTED = ("sgview.app", "sgview.cli", "sgview.__main__")
"""What ties the packages together; nobody imports these."""


def modules() -> list[tuple[str, Path]]:
    found = []
    for source in SOURCES:
        for path in sorted(source.rglob("*.py")):
            parts = path.relative_to(source.parent).with_suffix("").parts
            found.append((".".join(parts).removesuffix(".__init__"), path))
    return found


def imports(name: str, path: Path) -> set[str]:
    """Return the full names a module imports, those inside functions included."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def is_within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")


def is_standard(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda value: str(value))
def test_imports_follow_the_table(name: str, path: Path) -> None:
    if any(is_within(name, package) for package in UNRESTRICTED) or name == "sgview":
        return
    room = next((package for package in ALLOWED if is_within(name, package)), None)
    assert room is not None, f"{name} has no line in the table"
    for wanted in imports(name, path):
        allowed = any(is_within(wanted, package) for package in ALLOWED[room])
        assert allowed or is_standard(wanted), f"{name} must not import {wanted}"


def test_nobody_imports_the_application() -> None:
    for name, path in modules():
        if not any(is_within(name, package) for package in UNRESTRICTED):
            users = [w for w in imports(name, path) for p in UNRESTRICTED if is_within(w, p)]
            assert not users, f"{name} imports {users}"


def test_one_module_chooses_the_glfw_library() -> None:
    users = [n for n, path in modules() if any(is_within(w, "glfw") for w in imports(n, path))]
    assert users == ["sgview.gfx.glfw_library"]


def test_the_walk_sees_relative_and_local_imports(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("from . import a\nfrom ..b import c\ndef f():\n    import torch.nn\n")
    assert imports("top.inner.module", path) == {"top.inner.a", "top.b.c", "torch.nn"}


@pytest.mark.parametrize("heavy", ["torch", "OpenGL", "glfw", "imgui_bundle", "cuda"])
def test_importing_sgview_imports_nothing_heavy(heavy: str) -> None:
    import subprocess

    code = f"import sys, sgview, sgview.state, sgview.settings; assert {heavy!r} not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
