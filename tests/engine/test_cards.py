"""Cards that are there and do not play, on stand-ins for the driver, the bus and torch."""

import ctypes
from pathlib import Path
from typing import Any

import pytest
import torch

from sgview.engine import cards
from sgview.engine.device import choose_device, describe_device
from sgview.engine.engine import Engine

CPU = torch.device("cpu")
CARD = "NVIDIA GeForce GTX 1080"


class FakeDriver:
    """The driver's library with `count` cards."""

    def __init__(self, count: int = 1, state: int = 0) -> None:
        self._count, self._state = count, state

    def cuInit(self, _flags: int) -> int:  # noqa: N802
        return self._state

    def cuDeviceGetCount(self, count: Any) -> int:  # noqa: N802
        count._obj.value = self._count
        return 0

    def cuDeviceGet(self, card: Any, index: int) -> int:  # noqa: N802
        card._obj.value = index
        return 0

    def cuDeviceGetName(self, name: Any, size: int, _card: ctypes.c_int) -> int:  # noqa: N802
        assert len(CARD) < size
        name.value = CARD.encode()
        return 0


@pytest.fixture
def plug_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """What makes a machine with a card, or none: by its driver, on its bus, in torch."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(cards, "PCI_DEVICES", tmp_path)

    def plug_in(
        driver: FakeDriver | None = None,
        bus: tuple[str, str] = ("0x1af4", "0x010000"),
        cuda: str | None = "13.0",
        capability: tuple[int, int] | None = None,  # None: torch sees no card
    ) -> None:
        def load() -> FakeDriver:
            if driver is None:
                raise OSError("libcuda.so.1: cannot open shared object file")
            return driver

        (tmp_path / "0000:01:00.0").mkdir()
        (tmp_path / "0000:01:00.0" / "vendor").write_text(f"{bus[0]}\n")
        (tmp_path / "0000:01:00.0" / "class").write_text(f"{bus[1]}\n")
        monkeypatch.setattr(cards, "_load_driver", load)
        monkeypatch.setattr(torch.version, "cuda", cuda)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: capability is not None)
        monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _index: capability)
        known = ["sm_75", "sm_90a", "compute_120"]
        monkeypatch.setattr(torch.cuda, "get_arch_list", lambda: known)

    return plug_in


@pytest.mark.parametrize("driver", [None, FakeDriver(0), FakeDriver(1, state=100), object()])
def test_without_a_card_nothing_is_said(plug_in, driver: Any) -> None:
    plug_in(driver)
    assert cards.unused_card(CPU).reason == ""
    assert cards.unused_card(CPU).advice.startswith("if there is an NVIDIA card, ")


@pytest.mark.parametrize(
    ("machine", "asked_for", "why", "advice"),
    [
        ({"cuda": None}, "auto", "this torch is built without CUDA", "install torch with CUDA"),
        ({}, "auto", "its driver is too old for the CUDA 13.0 of this torch", "update its driver"),
        ({"capability": (8, 6)}, "cpu", "the device cpu was asked for", "--device auto"),
        ({"cuda": None}, "cpu", "the device cpu was asked for", "--device auto"),
        (
            {"capability": (6, 1)},
            "auto",
            "it has compute capability 6.1, and this torch needs 7.5",
            "install torch for an older CUDA",
        ),
    ],
)
def test_a_card_that_the_driver_knows(
    plug_in, machine: dict[str, Any], asked_for: str, why: str, advice: str
) -> None:
    plug_in(FakeDriver(), **machine)
    found = cards.unused_card(CPU, asked_for)
    assert found.reason == f"{CARD} is not used: {why}"
    assert advice in found.advice


@pytest.mark.parametrize("driver", [None, FakeDriver(0)])
@pytest.mark.parametrize("kind", ["0x030000", "0x030200"])  # with a connector, and without
def test_a_card_without_a_driver(plug_in, driver: FakeDriver | None, kind: str) -> None:
    plug_in(driver, bus=("0x10de", kind))
    reason = cards.unused_card(CPU).reason
    assert reason == "an NVIDIA card is not used: its driver is missing or does not answer"


def test_other_nvidia_devices_are_no_cards(plug_in) -> None:
    plug_in(bus=("0x10de", "0x040300"))  # its sound
    assert cards.unused_card(CPU).reason == ""


def test_a_hidden_card(plug_in, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(FakeDriver(1, state=100), bus=("0x10de", "0x030000"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "CUDA_VISIBLE_DEVICES" in cards.unused_card(CPU).reason


def test_nothing_is_asked_where_a_card_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "_load_driver", lambda: pytest.fail("the driver was asked"))
    assert cards.unused_card(torch.device("cuda", 0)).reason == ""
    assert cards.unused_card(torch.device("mps")).reason == ""


@pytest.mark.parametrize(
    ("capability", "device"), [((6, 1), "cpu"), ((7, 5), "cuda"), ((12, 0), "cuda")]
)
def test_auto_leaves_a_card_alone_that_this_torch_has_no_code_for(
    plug_in, capability: tuple[int, int], device: str
) -> None:
    plug_in(FakeDriver(), capability=capability)
    assert choose_device("auto").type == device


def test_the_status_line_names_the_card(plug_in) -> None:
    plug_in(FakeDriver(), cuda=None)
    with Engine("auto") as engine:
        cpu = describe_device(torch.device("cpu"))
        why = "this torch is built without CUDA"
        assert engine.device_description == f"{cpu}; {CARD} is not used: {why}"
