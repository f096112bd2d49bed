"""Names that dill adds: what they mean as data, and that nothing of them is ever run."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from stylegan3.checkpoints.errors import UnusableError
from stylegan3.checkpoints.pickle.unpickler import Unpickler
from stylegan3.checkpoints.pickle.values import ArrayRef, Global, Stub
from stylegan3.checkpoints.source import Cursor, Source, Span
from tests.support.networks import unpacked

CANARY = "sgview_canary_module"  # a module that says so where it is imported
RAN: list[str] = []
WATCHED = ("import", "exec", "compile", "os.system", "subprocess.Popen", "marshal.loads")
WATCHED += ("code.__new__", "function.__new__", "pickle.find_class")


class Watch:
    """Events of the interpreter while it is on; an audit hook cannot be taken off again."""

    is_on = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.is_on and event in WATCHED:
            RAN.append(f"{event} {arguments[:1]}")


WATCH = Watch()


@pytest.fixture(scope="module", autouse=True)
def hook() -> None:
    sys.addaudithook(WATCH)


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], Any]:
    """Read a pickle while every import and every making of code is watched."""
    (tmp_path / f"{CANARY}.py").write_text("def f(*_):\n    raise SystemExit('it was run')\n")
    monkeypatch.syspath_prepend(str(tmp_path))

    def load(data: bytes) -> Any:
        path = tmp_path / "file.pkl"
        path.write_bytes(data)
        return watched(path)

    return load


def watched(path: Path) -> Any:
    RAN.clear()
    with Source(path) as source:
        WATCH.is_on = True
        try:
            return Unpickler(Cursor(source, Span(0, source.size))).load()
        finally:
            WATCH.is_on = False
            assert RAN == []
            assert CANARY not in sys.modules


def dill(forge: SimpleNamespace, name: str, *args: Any) -> Any:
    return forge.Call(forge.Name("dill._dill", name), args)


def attribute(forge: SimpleNamespace, module: str, name: str) -> Any:
    return dill(forge, "_get_attr", dill(forge, "_import_module", module), name)


@pytest.mark.parametrize("protocol", [3, 4, 5])
@pytest.mark.parametrize("core", ["numpy.core", "numpy._core"])
def test_numbers_and_arrays_reached_by_a_call(
    load: Callable[[bytes], Any], forge: SimpleNamespace, core: str, protocol: int
) -> None:
    module = f"{core}._multiarray_umath"
    f8 = forge.Call(forge.Name("numpy", "dtype"), ("f8", False, True))
    i8 = forge.Call(forge.Name("numpy", "dtype"), ("i8", False, True))
    data = np.array([36, 52], "<i8").tobytes()
    ndarray = forge.Name("numpy", "ndarray")
    value = {
        "number": forge.Call(attribute(forge, module, "scalar"), (f8, np.float64(0.5).tobytes())),
        "array": forge.Call(
            attribute(forge, module, "_reconstruct"),
            (ndarray, (0,), b"b"),
            (1, (2,), i8, False, data),
        ),
        "created": dill(
            forge,
            "_create_array",
            forge.Name(f"{core}.multiarray", "_reconstruct"),
            (ndarray, (0,), b"b"),
            (1, (2,), i8, False, data),
            None,
        ),
    }
    found = load(forge.dump(value, protocol))
    assert found["number"] == 0.5
    for name in ("array", "created"):
        assert isinstance(found[name], ArrayRef) and found[name].ref.shape == (2,)


def test_types_are_their_names(load: Callable[[bytes], Any], forge: SimpleNamespace) -> None:
    found = load(
        forge.dump(
            {
                "set": forge.Call(dill(forge, "_load_type", "set"), (["a"],)),
                "dict": forge.Call(dill(forge, "_load_type", "dict"), ()),
                "method": forge.Call(
                    dill(forge, "_load_type", "MethodType"), (forge.Name("timm.x", "f"), 1)
                ),
            }
        )
    )
    assert found["set"] == ["a"] and found["dict"] == {}
    assert isinstance(found["method"], Stub)


def test_code_is_forgotten_unread(load: Callable[[bytes], Any], forge: SimpleNamespace) -> None:
    code = dill(forge, "_create_code", 1, 0, 0, 1, 1, 3, b"\x97\x00d\x00S\x00" * 9, (None,), ())
    function = dill(forge, "_create_function", code, {"x": 1}, "f", None, None)
    cell = dill(forge, "_create_cell", function)
    bound = forge.Call(forge.Name("builtins", "getattr"), (cell, "forward"))
    for value in load(forge.dump([code, function, cell, bound])):
        assert isinstance(value, Stub) and value.args == () and value.items is None


def test_a_module_is_never_imported(load: Callable[[bytes], Any], forge: SimpleNamespace) -> None:
    """Neither by its name, nor by an attribute, nor where that is called."""
    module = dill(forge, "_import_module", CANARY)
    function = attribute(forge, CANARY, "f")
    called = forge.Call(function, (1,))
    found = load(forge.dump([module, function, called]))
    assert found[1] == Global(CANARY, "f")
    assert isinstance(found[2], Stub)


HOSTILE = {
    "os.system by its module": lambda f: f.Call(attribute(f, "os", "system"), ("true",)),
    "posix.system": lambda f: attribute(f, os.name, "system"),
    "builtins.eval": lambda f: f.Call(attribute(f, "builtins", "eval"), ("1",)),
    "builtins.getattr by its module": lambda f: attribute(f, "builtins", "getattr"),
    "subprocess.Popen": lambda f: attribute(f, "subprocess", "Popen"),
    "torch.load": lambda f: attribute(f, "torch", "load"),
    "numpy.load": lambda f: attribute(f, "numpy", "load"),
    "dill._dill.loads": lambda f: attribute(f, "dill._dill", "loads"),
    "dill._dill._eval_repr": lambda f: dill(f, "_eval_repr", "1"),
    "dill._dill._create_type": lambda f: dill(f, "_create_type", "x"),
    "dill._dill._import_module.__globals__": lambda f: dill(f, "_import_module.__globals__"),
    "dill.loads": lambda f: f.Call(f.Name("dill", "loads"), (b"x",)),
    "builtins.eval as a type": lambda f: dill(f, "_load_type", "eval"),
    "builtins.__import__ as a type": lambda f: dill(f, "_load_type", "__import__"),
    "builtins.getattr of a module": lambda f: f.Call(
        f.Name("builtins", "getattr"), (dill(f, "_import_module", "os"), "system")
    ),
    "builtins.getattr of text": lambda f: f.Call(f.Name("builtins", "getattr"), ("x", "join")),
    "builtins.dict.__subclasses__": lambda f: f.Call(
        f.Name("builtins", "getattr"), (f.Name("builtins", "dict"), "__subclasses__")
    ),
    "torch.hub.load": lambda f: f.Call(
        f.Name("builtins", "getattr"), (f.Name("torch", "hub"), "load")
    ),
}


@pytest.mark.parametrize("protocol", [3, 4])
@pytest.mark.parametrize("name", HOSTILE)
def test_what_harms_is_refused_by_name(
    load: Callable[[bytes], Any], forge: SimpleNamespace, name: str, protocol: int
) -> None:
    with pytest.raises(UnusableError, match="nothing in it was run") as caught:
        load(forge.dump({"D": HOSTILE[name](forge)}, protocol))
    assert name.partition(" ")[0] in str(caught.value)


DAMAGED = {
    "type": lambda f: dill(f, "_load_type", 7),
    "type with arguments": lambda f: dill(f, "_load_type"),
    "module": lambda f: dill(f, "_import_module", None),
    "attribute of no module": lambda f: dill(f, "_get_attr", "os", "system"),
    "attribute without a name": lambda f: dill(
        f, "_get_attr", dill(f, "_import_module", "numpy"), 3
    ),
    "array of a function": lambda f: dill(f, "_create_array", f.Name("x", "y"), (), ()),
    "array without state": lambda f: dill(
        f, "_create_array", f.Name("numpy.core.multiarray", "_reconstruct"), ()
    ),
    "array of an array": lambda f: dill(
        f, "_create_array", f.Name("dill._dill", "_create_array"), (), ()
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_makes_no_sense_is_refused(
    load: Callable[[bytes], Any], forge: SimpleNamespace, name: str
) -> None:
    with pytest.raises(UnusableError, match="it is damaged"):
        load(forge.dump(DAMAGED[name](forge)))


@pytest.mark.parametrize("name", ["sgxl-t-sr-cond-32.pkl", "sgxl-t-stem-cond-16-empty.pkl"])
def test_a_whole_snapshot_runs_nothing(name: str, tmp_path: Path) -> None:
    """Its discriminator has functions, code and cells."""
    tree = watched(unpacked(name, tmp_path))
    assert isinstance(tree["D"], Stub) and isinstance(tree["G_ema"], Stub)
    assert tree["progress"]["best_fid"] == 12.5
