"""`FastSynthesis`: a generator's frames by prepared weights, our kernels and CUDA graphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from stylegan3.canvas import Canvas
from stylegan3.cuda import KernelError, nvrtc
from stylegan3.families import family_of
from stylegan3.fast.graphs import GraphCache
from stylegan3.fast.kernels.convolution import choices
from stylegan3.fast.kernels.convolution.convolution import Kernels
from stylegan3.fast.mapping import MappingPlan
from stylegan3.fast.operations import Operations, cuda_operations
from stylegan3.fast.plan import Plan
from stylegan3.fast.planners import PLANNERS, Planner
from stylegan3.fast.precision import Precision, allows_float16_sums
from stylegan3.generator import Generator
from stylegan3.layers import check_noise_mode, check_ws, resolve_layer

__all__ = ["FastSynthesis", "Precision", "UnsupportedNetworkError", "filter_versions"]

_FILTERS = ("up_filter", "down_filter", "resample_filter")  # baked into kernels and tables
_Source = Literal["z", "ws"]
_version = attrgetter("_version")


def filter_versions(generator: Generator) -> tuple[int, ...]:
    """Return what changes with every filter that is written to, for `FastSynthesis`."""
    return tuple(map(_version, _filters_of(generator.state_dict(keep_vars=True))))


class UnsupportedNetworkError(ValueError):
    """The fast path does not play this network; the message says why, the generator does."""


class _Call(NamedTuple):
    """What a call runs, and the key of its graph."""

    plan: Plan
    source: _Source
    key: tuple[str | None, str, _Source]


class FastSynthesis:
    """Plays one generator, a picture at a time, on the generator's GPU.

    The generator's tensors may change in place between calls, by operations on the tensors
    themselves (not on `.data` or a NumPy view, which leave no trace); what was derived from them
    follows, for changed tensors only. Calls must come from one thread, with a CUDA stream of their
    own current: the first call for a layer compiles, measures and captures, later ones replay.

    Args:
        generator: with float32 tensors on a CUDA device.
        precision: number formats of the layers.
        kernels: which GPU instructions to use.
        operations: what to compute with; None for the GPU's. Without CUDA nothing is captured.
        progress: called with (done, total) while kernels compile.
        canvas: the size of pictures; None: the network's own.
        stays_in_place: whether nobody gives a tensor other memory (`tensor.data = other`), so that
            not every call has to look where a hundred of them lie.
        filters: what `filter_versions` said before other threads could write to the generator,
            where one prepares this while another one plays. If filters were changed since, the
            first call prepares everything anew. None: as they are now.
        fallback: what to compute with where `operations` that were chosen for this card cannot be
            compiled; without `operations` the GPU's usual ones.

    Attributes:
        remark: why convolutions are not those that were measured to be the fastest; "" if they are.

    Raises:
        UnsupportedNetworkError: if the fast path does not support the network or the GPU.
    """

    def __init__(
        self,
        generator: Generator,
        precision: Precision = "fast",
        *,
        kernels: Kernels = "auto",
        operations: Operations | None = None,
        progress: Callable[[int, int], None] | None = None,
        canvas: Canvas | None = None,
        stays_in_place: bool = False,
        filters: tuple[int, ...] | None = None,
        fallback: Operations | None = None,
    ) -> None:
        self._generator = generator
        self._precision: Precision = precision
        self._progress = progress
        self.canvas = canvas
        self._stays = stays_in_place
        tensors = generator.state_dict(keep_vars=True)
        self._tensors = tuple(tensors.values())
        self._filters = _filters_of(tensors)
        device = self._tensors[0].device
        if operations is None:
            reason = nvrtc.unavailable_reason() if device.type == "cuda" else f"it is on {device}"
            if reason:
                raise UnsupportedNetworkError(reason)
        if any(t.dtype != torch.float32 or not t.is_contiguous() for t in self._tensors):
            raise UnsupportedNetworkError("its tensors are not all contiguous float32")
        if operations is None:
            fallback = cuda_operations(kernels, heeds_choices=False)
        self._fallback = fallback
        self._operations = operations or cuda_operations(
            kernels, float16_sums=allows_float16_sums(precision)
        )
        self.remark = ""
        self._device = device
        self._ws = torch.zeros(generator.num_ws, generator.w_dim, device=device)
        self._ws_row = self._ws[None]
        self._build(filters)

    @torch.no_grad()
    def __call__(
        self,
        *,
        z: Tensor | None = None,  # [1, z_dim]
        ws: Tensor | None = None,  # [1, num_ws, w_dim], instead of z
        c: Tensor | None = None,  # [1, c_dim], with z; None: class 0
        truncation_psi: float = 1,  # with z
        truncation_cutoff: int | None = None,
        noise_mode: str = "const",  # "const", "random", "none"
        layer: str | None = None,  # stop at this layer and return its output
    ) -> Tensor:  # [1, C, H, W] float32 or float16
        """Return the picture, or a layer's output; the next call overwrites it.

        Raises:
            ValueError: if a shape or the noise mode is wrong, or no layer is called `layer`.
            UnsupportedNetworkError: if a filter was changed to one that is not supported.
        """
        check_noise_mode(noise_mode)
        if layer is not None:
            layer = resolve_layer(layer, self._generator.synthesis.layers)
        self._follow()
        plan = self.plan(layer, noise_mode)  # first: it may prepare everything anew
        source: _Source = "z" if ws is None else "ws"
        if ws is not None:
            check_ws(tuple(ws.shape), *self._ws.shape)
            if ws.data_ptr() != self._ws.data_ptr():
                self._ws.copy_(ws[0], non_blocking=True)
        elif z is not None:
            self._mapping.set_input(z, c, truncation_psi, truncation_cutoff)
        else:
            raise ValueError("either z or ws must be given")
        plan.update()
        self._last = _Call(plan, source, (layer, noise_mode, source))
        return self._play(self._last)

    @torch.no_grad()
    def map(
        self,
        z: Tensor,  # [1, z_dim]
        c: Tensor | None = None,  # [1, c_dim]; None: class 0
        truncation_psi: float = 1,
        truncation_cutoff: int | None = None,
    ) -> Tensor:  # [1, num_ws, w_dim]
        """Write what z is mapped to to `ws`, and return it; it may be written to.

        Raises:
            ValueError: if a shape is wrong.
        """
        self._follow()
        self._mapping.set_input(z, c, truncation_psi, truncation_cutoff)
        if not self._is_mapping_compiled:
            self._compile(None)
            self._is_mapping_compiled = True
        if self._graphs is None:
            self._run_mapping()
        else:
            self._graphs.run("mapping", self._run_mapping)
        return self._ws_row

    def again(self) -> Tensor:  # [1, C, H, W]
        """Run the last call again, on what lies in `z` or `ws` now, and return what it returned.

        For callers who know that no tensor of the generator was written since: none is asked,
        and there may be hundreds.

        Raises:
            RuntimeError: if there was no call.
        """
        if self._last is None:
            raise RuntimeError("there is no call to be run again")
        return self._play(self._last)

    def free_graphs(self) -> None:
        """Free the memory of captured graphs; calls capture theirs again. None may be under way."""
        self._last = None
        if self._graphs is not None:
            self._graphs.clear()

    @property
    def z(self) -> Tensor:
        """[1, z_dim], the input's memory: what is written there and given as `z` is not copied."""
        return self._z

    @property
    def ws(self) -> Tensor:
        """[1, num_ws, w_dim] of the last call, which the next overwrites; can be given like `z`."""
        return self._ws_row

    def plan(self, layer: str | None = None, noise_mode: str = "const") -> Plan:
        """Return the steps behind the mapping, made and compiled at the first call.

        Where a convolution that was chosen for this card cannot be compiled, everything is prepared
        anew without such choices.
        """
        key = (layer, noise_mode)
        if key not in self._plans:
            try:
                plan = self._make_plan(self._planner, layer, noise_mode)
            except KernelError as error:
                self._heed_no_choices(error)
                plan = self._make_plan(self._planner, layer, noise_mode)
            self._plans[key] = plan
        return self._plans[key]

    def has_plan(self, layer: str | None, noise_mode: str) -> bool:
        """Whether the steps of a layer, by its full name, are made and compiled."""
        return (layer, noise_mode) in self._plans

    def planned(self, layer: str | None, noise_mode: str) -> Callable[[], None]:
        """Make and compile a plan on another thread than the one that calls everything else.

        Args:
            layer: full name; None for the picture.
            noise_mode: as for a call.

        Returns:
            what has that thread take the plan, if everything is as it was.

        Raises:
            KernelError: if a kernel cannot be compiled.
        """
        planner = self._planner
        plan = self._make_plan(planner, layer, noise_mode)

        def take() -> None:
            if self._planner is planner:
                self._plans.setdefault((layer, noise_mode), plan)

        return take

    @property
    def mapping(self) -> MappingPlan:
        """The steps from `z` to `ws`."""
        return self._mapping

    def _make_plan(self, planner: Planner, layer: str | None, noise_mode: str) -> Plan:
        plan = planner.plan(layer, noise_mode)
        self._compile(plan)
        return plan

    def _heed_no_choices(self, error: KernelError) -> None:
        """Prepare everything as if nothing had been measured; raise `error` if nothing was."""
        if self._fallback is None or not len(choices.kept(self._device)):
            raise error
        if self._graphs is not None:
            torch.cuda.current_stream().synchronize()  # graphs under way are not to be dropped
        self._operations, self._fallback = self._fallback, None
        first = (str(error).strip().splitlines() or ["no reason given"])[0]
        self.remark = f"the convolutions that were measured to be the fastest do not run ({first})"
        self._build()

    def _play(self, call: _Call) -> Tensor:
        if self._graphs is None or not call.plan.steps:  # an empty graph cannot be captured
            self._run(call.plan, call.source)
        else:
            self._graphs.run(call.key, lambda: self._run(call.plan, call.source))
        return call.plan.output

    def _run(self, plan: Plan, source: _Source) -> None:
        if source == "z":
            self._run_mapping()
        plan.run()

    def _run_mapping(self) -> None:
        for step in self._mapping.steps:
            step.launch()

    def _follow(self) -> None:
        """Prepare everything anew if tensors moved, or what is baked into kernels was changed."""
        if self._key != self._current_key():
            if self._graphs is not None:
                torch.cuda.current_stream().synchronize()  # graphs under way are not to be dropped
            self._build()

    def _build(self, filters: tuple[int, ...] | None = None) -> None:
        """Prepare what addresses and filters are baked into."""
        key = self._current_key(filters)  # first, so that what changes meanwhile is found later
        config, synthesis = self._generator.config, self._generator.synthesis
        planner = PLANNERS.get(config.family)
        if planner is None:
            raise UnsupportedNetworkError(f"there is no fast path for {family_of(config)} yet")
        self._plans: dict[tuple[str | None, str], Plan] = {}
        self._graphs = GraphCache() if self._device.type == "cuda" else None
        self._last: _Call | None = None
        self._mapping = MappingPlan(self._generator.mapping, self._operations, self._ws)
        self._is_mapping_compiled = False
        self._z = self._mapping.z[None]
        try:
            self._planner = planner(
                synthesis, self._operations, self._precision, self._ws, self.canvas
            )
        except ValueError as error:
            raise UnsupportedNetworkError(str(error)) from error
        self._key = key

    def _current_key(self, filters: tuple[int, ...] | None = None) -> tuple[int, ...]:
        # `map` of functions in C: a hundred tensors may be asked
        versions = tuple(map(_version, self._filters)) if filters is None else filters
        return versions if self._stays else (*map(Tensor.data_ptr, self._tensors), *versions)

    def _compile(self, plan: Plan | None) -> None:
        """Compile the kernels of the mapping network, and of a plan."""
        specs = frozenset() if plan is None else plan.specs
        specs = specs | {step.spec for step in self._mapping.steps if step.spec is not None}
        if self._device.type == "cuda":
            nvrtc.compile_all(sorted(specs, key=lambda s: s.label), self._device, self._progress)


def _filters_of(tensors: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    return tuple(tensor for name, tensor in tensors.items() if name.endswith(_FILTERS))
