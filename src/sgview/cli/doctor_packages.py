"""Which packages `sgview doctor` finds, of those that sgview needs and those that extras bring.

What is needed stands in the metadata of the installed sgview, so nothing is listed twice. Imports
nothing but the standard library: any other package may be the one that is missing.
"""

from __future__ import annotations

import importlib
import platform
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata

MODULES = {  # of packages that are imported by another name than their own
    "cuda-bindings": "cuda.bindings",
    "cuda-core": "cuda.core",
    "imgui-bundle": "imgui_bundle",
    "pillow": "PIL",
    "pyopengl": "OpenGL",
    "python-osc": "pythonosc",
    "python-rtmidi": "rtmidi",
}
PLAYS_WITHOUT = frozenset({"cuda-bindings", "cuda-core", "tqdm"})
"""Of what sgview needs, that without which the window opens all the same."""

_REQUIREMENT = re.compile(r"^\s*(?P<name>[A-Za-z0-9._-]+)(?P<rest>[^;]*)(?:;(?P<marker>.*))?$")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_SYSTEM = re.compile(
    r"(?P<what>sys_platform|platform_system)\s*(?P<how>==|!=)\s*['\"](?P<value>[^'\"]+)['\"]"
)


@dataclass(frozen=True)
class Requirement:
    """A package, and the extra that asks for it."""

    name: str  # "python-osc"
    extra: str = ""  # "": sgview needs it

    @property
    def module(self) -> str:
        """What is imported."""
        return MODULES.get(self.name.lower(), self.name.lower().replace("-", "_"))

    @property
    def problem(self) -> str:
        """Why it cannot be imported; "" if it can be."""
        try:
            importlib.import_module(self.module)
        except ModuleNotFoundError as error:
            own = error.name is None or self.module.startswith(error.name)
            return "is not installed" if own else f"lacks {error.name}"
        except Exception as error:  # a library of the system that is missing, or the wrong one
            lines = str(error).strip().splitlines() or [type(error).__name__]
            return f"cannot be used: {lines[0]}"
        return ""


def requirements(lines: Iterable[str] | None = None) -> list[Requirement]:
    """Return what is needed on this system.

    Args:
        lines: as in a package's metadata; None: those of the installed sgview.
    """
    if lines is None:
        lines = metadata.requires("sgview") or ()
    found = []
    for line in lines:
        match = _REQUIREMENT.match(line)
        if match is None:
            continue
        marker = match["marker"] or ""
        extra = _EXTRA.search(marker)
        if _is_for_this_system(marker):
            found.append(Requirement(match["name"], extra[1] if extra else ""))
    return found


def _is_for_this_system(marker: str) -> bool:
    """Return whether the part of a marker that concerns the system holds here."""
    here = {"sys_platform": sys.platform, "platform_system": platform.system()}
    return all(
        (here[part["what"]] == part["value"]) == (part["how"] == "==")
        for part in _SYSTEM.finditer(marker)
    )
