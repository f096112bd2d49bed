"""Measure what networks play a few launches at a time, wherever there is a moment for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import suppress
from functools import partial

import torch

from stylegan3.cuda import KernelError, nvrtc
from stylegan3.fast.kernels.convolution import choices
from stylegan3.fast.kernels.convolution.choices import Choice, Choices, Wanted
from stylegan3.fast.kernels.convolution.measuring import choosing, kernels_for

_WORTH_IT = 1.1  # times as fast: here no whole frame decides in the end

Steps = Generator[None, None, Choice]
_measure = partial(choosing, worth_it=_WORTH_IT)


class IdleTuning:
    """Measures the layers that networks of this process play, and that were not measured.

    One thread calls all of it but what `ahead` returns. While something is measured, a file says
    so: where a kernel stops the card for good, the process that comes after this one measures
    nothing.

    Args:
        device: a CUDA device.
        kept: where choices are kept; None for this card's.
        measure: finds the fastest convolution of a shape, in steps.
        kernels: what it needs compiled.

    Attributes:
        measured: layers of which the fastest convolution was found.
    """

    def __init__(
        self,
        device: torch.device,
        kept: Choices | None = None,
        measure: Callable[..., Steps] = _measure,
        kernels: Callable[..., list[nvrtc.KernelSpec]] = kernels_for,
    ) -> None:
        self._device = device
        self._kept = choices.kept(device) if kept is None else kept
        self._measure, self._kernels = measure, kernels
        self._left_out: set[Wanted] = set()
        self._compiled: set[Wanted] = set()
        self._steps: Steps | None = None  # of the next layer
        self.measured = 0

    @property
    def is_barred(self) -> bool:
        """Whether another process measures on this card, or one did not get to the end of it."""
        return self._steps is None and self._kept.mark.exists()

    @property
    def has_work(self) -> bool:
        """Whether there is a layer to measure."""
        return self._next() is not None

    def ahead(self, goes_on: Callable[[], bool]) -> Callable[[], None] | None:
        """Return what compiles the kernels of the next layer, for another thread; None if done.

        Args:
            goes_on: asked before each of them; where it says no, the rest is left for later.
        """
        layer = self._next()
        if layer is None or layer in self._compiled:
            return None

        def compile_kernels() -> None:
            for spec in self._kernels(layer[0], self._device, layer[1]):
                if not goes_on():
                    return
                with suppress(KernelError):  # it is left out where it is launched
                    nvrtc.load(spec, self._device)
            self._compiled.add(layer)

        return compile_kernels

    @torch.no_grad()
    def step(self) -> None:
        """Measure on, for a few launches; at the end of a layer, keep what was found.

        Raises:
            OSError: if it cannot be written. Such a choice counts all the same, for this process.
            Exception: what the device raised; the file that says so stays until `drop`.
        """
        layer = self._next()
        if layer is None:
            return
        if self._steps is None:
            self._kept.mark.parent.mkdir(parents=True, exist_ok=True)
            self._kept.mark.write_text(f"{os.getpid()} {layer[0]}\n")
            self._steps = self._measure(layer[0], self._device, float16_sums=layer[1])
        try:
            next(self._steps)
        except StopIteration as end:
            self.drop()
            self.measured += 1
            self._kept.keep(layer[0], end.value, float16_sums=layer[1])
            self._kept.save()

    def leave_out(self) -> None:
        """Measure the layer that is next no more in this process: it cannot be."""
        layer = self._next()
        self.drop()
        if layer is not None:
            self._left_out.add(layer)

    def drop(self) -> None:
        """Free what is being measured, at once; it begins anew with the next step."""
        steps, self._steps = self._steps, None
        if steps is not None:
            steps.close()
            with suppress(OSError):
                self._kept.mark.unlink(missing_ok=True)

    def _next(self) -> Wanted | None:
        return next((one for one in self._kept.unmeasured if one not in self._left_out), None)
