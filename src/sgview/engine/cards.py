"""Which NVIDIA cards this machine has, asked without torch, and why one is not played on."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

import torch

PCI_DEVICES = Path("/sys/bus/pci/devices")  # Linux
PCI_NVIDIA = "0x10de"
PCI_DISPLAY = "0x03"  # how the classes of graphics cards begin, with a connector or without


class UnusedCard(NamedTuple):
    """An NVIDIA card that does not play."""

    reason: str
    """E.g. "NVIDIA GeForce RTX 3060 is not used: this torch is built without CUDA"; "" where a card
    plays or none was found."""
    advice: str
    """What to do about it, or about a card that could not be found."""


def unused_card(device: torch.device, asked_for: str = "auto") -> UnusedCard:
    """Say which card is there though `device`, which plays, is none, and why.

    Args:
        device: what `choose_device` gave.
        asked_for: the name it was given.
    """
    if device.type != "cpu":
        return UnusedCard("", "")
    name, is_answering = _find_card()
    cuda = torch.version.cuda
    if asked_for != "auto":
        why = f"the device {asked_for} was asked for"
        advice = "start with --device auto"
    elif cuda is None:
        why = "this torch is built without CUDA"
        advice = "install torch with CUDA: see pytorch.org"
    elif name and not is_answering and "CUDA_VISIBLE_DEVICES" in os.environ:
        why = "the driver shows none under this CUDA_VISIBLE_DEVICES"
        advice = "unset CUDA_VISIBLE_DEVICES"
    elif not is_answering:
        why = "its driver is missing or does not answer"
        advice = "install or update its driver"
    elif not torch.cuda.is_available():
        why = f"its driver is too old for the CUDA {cuda} of this torch"
        advice = "update its driver, or install torch for an older CUDA: see pytorch.org"
    else:
        why = too_old_reason(torch.cuda.current_device())
        advice = "install torch for an older CUDA: see pytorch.org"
    if not name:
        return UnusedCard("", f"if there is an NVIDIA card, {advice}")
    return UnusedCard(f"{name} is not used: {why}", advice)


def too_old_reason(index: int) -> str:
    """Say why this torch has no code for CUDA card `index`, "" if it has.

    Code for a compute capability runs on later cards too, if need be compiled by the driver.
    """
    known = [name.rpartition("_")[2].rstrip("af") for name in torch.cuda.get_arch_list()]
    oldest = min((int(number) for number in known if number.isdigit()), default=0)
    major, minor = torch.cuda.get_device_capability(index)
    if 10 * major + minor >= oldest:
        return ""
    wanted = f"{oldest // 10}.{oldest % 10}"
    return f"it has compute capability {major}.{minor}, and this torch needs {wanted}"


def _find_card() -> tuple[str, bool]:
    """Return the name of the first card, "" if there is none, and whether its driver answers."""
    name = _first_of_driver()
    if name:
        return name, True
    return ("an NVIDIA card" if _is_on_bus() else ""), False


def _first_of_driver() -> str:
    try:
        driver = _load_driver()
        count, card, name = ctypes.c_int(), ctypes.c_int(), ctypes.create_string_buffer(256)
        is_there = driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
        if not is_there or count.value < 1 or driver.cuDeviceGet(ctypes.byref(card), 0):
            return ""
        driver.cuDeviceGetName(name, len(name), card)
    except (OSError, AttributeError):  # no driver, or something else under its name
        return ""
    return name.value.decode(errors="replace") or "an NVIDIA card"


def _load_driver() -> Any:
    return ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")


def _is_on_bus() -> bool:
    """Return whether a card is plugged in, driver or not; known on Linux only."""
    for vendor in PCI_DEVICES.glob("*/vendor"):
        try:
            if vendor.read_text().strip() != PCI_NVIDIA:
                continue
            if vendor.with_name("class").read_text().startswith(PCI_DISPLAY):
                return True
        except OSError:  # unplugged meanwhile
            continue
    return False
