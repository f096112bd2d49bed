"""StyleGAN3's synthesis as launches on prepared buffers."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from stylegan3.alias_free.geometry import AliasFreeLayer, layers_on
from stylegan3.alias_free.synthesis import AliasFreeSynthesis, SynthesisLayer
from stylegan3.canvas import Canvas
from stylegan3.fast.alias_free.input import AliasFreeInput
from stylegan3.fast.alias_free.torgb import TorgbSteps
from stylegan3.fast.kernels.channels_last import pitch_of, planar, vector_length
from stylegan3.fast.kernels.convolution.convolution import Convolution
from stylegan3.fast.kernels.dense.launcher import Dense
from stylegan3.fast.kernels.filtered_lrelu.geometry import FilterGeometry
from stylegan3.fast.kernels.modulation.launcher import Modulation
from stylegan3.fast.kernels.torgb.layer import TorgbLayer
from stylegan3.fast.kernels.weights.prepared_weight import PreparedWeight
from stylegan3.fast.operations import Operations, step
from stylegan3.fast.plan import Arena, Derived, Plan, Step
from stylegan3.fast.precision import Precision, layer_dtypes

_INPUT = -1  # stands before layer 0


class AliasFreePlanner:
    """Makes plans for one network; its weights and buffers serve all of them.

    A layer's input comes with the layer's styles multiplied in, by the operation that writes it,
    so that convolutions use shared weights. Demodulation, bias and clamp are folded into the
    filtered leaky ReLU behind the convolution (`modulation.cu` has the formulas).

    Args:
        synthesis: whose live tensors are read.
        operations: what to compute with.
        precision: number formats.
        ws: [num_ws, w_dim] float32, read by every plan.
        canvas: the size of pictures; None: the network's own.

    Raises:
        ValueError: if the network has filters or sizes that the operations do not support.
    """

    def __init__(
        self,
        synthesis: AliasFreeSynthesis,
        operations: Operations,
        precision: Precision,
        ws: Tensor,
        canvas: Canvas | None = None,
    ) -> None:
        self._synthesis = synthesis
        self._ops = operations
        self._ws = ws
        self._device = ws.device
        config = synthesis.config
        self._geometries = config.layers if canvas is None else layers_on(config.layers, canvas)
        self._layers = [_layer(synthesis, g.name) for g in config.layers]
        self._dtypes = layer_dtypes(config, precision)
        pairs = zip(self._layers[:-1], self._geometries, strict=False)
        self._filters = [_filters(layer, g) for layer, g in pairs]
        self._in_pitch = [pitch_of(g.in_channels, g.in_size) for g in config.layers]
        self._out_pitch = [pitch_of(g.out_channels, g.in_size) for g in config.layers]
        self._styles = [self._vector(g.in_channels) for g in config.layers]
        counts = [g.out_channels for g in config.layers[:-1]]
        self._vectors = [self._three_vectors(vector_length(pitch_of(count, 0))) for count in counts]
        self._torgb = TorgbSteps(
            self._layers[-1],
            config.output_scale,
            operations,
            self._filters[-1],
            (self._dtypes[-2], self._dtypes[-1]),
            self._in_pitch[-1],
            self._device,
            self._geometries[-1],
        )
        self._activations: dict[tuple[int, torch.dtype], Any] = {}
        self._arena = self._reserve()
        self._weights: list[PreparedWeight] = []
        self._convolutions: list[Convolution] = []
        self._prepare_weights()
        self._preparation = operations.weight_preparation(self._weights, self._device)
        self._derived = [Derived(weight.source, i) for i, weight in enumerate(self._weights)]
        first = self._geometries[0]
        self._input = AliasFreeInput(
            synthesis.input,
            operations,
            self._arena,
            self._in_pitch[0],
            self._dtypes[0],
            (first.in_size, first.in_width),
        )

    def plan(self, layer: str | None = None, noise_mode: str = "const") -> Plan:
        """Return the plan of the picture, or of the output of one of `layer_names`.

        StyleGAN3 has no noise: its mode is accepted, so that callers need not know.
        """
        names = ["input", *(g.name for g in self._geometries)]
        stop = len(names) - 1 + _INPUT if layer is None else names.index(layer) + _INPUT
        torgb = len(self._layers) - 1
        steps = [*self._style_steps(stop), self._input.step(self._output(_INPUT))]
        rgb = self._torgb.torgb(is_scaled=layer is None)
        is_fused = stop == torgb and self._torgb.is_fused
        for index in range(min(stop + 1, torgb)):
            fuses = is_fused and index == torgb - 1
            steps += self._layer_steps(index, index == stop, torgb=rgb if fuses else None)
        if stop == torgb:
            x = self._torgb.parts(self._arena) if is_fused else self._output(torgb - 1)
            steps.append(self._torgb.step(rgb, x))
            output = self._torgb.picture[None]
        else:
            channels = self._synthesis.layers[stop - _INPUT].channels
            output = planar(self._output(stop, is_last=True), channels)
        derived = self._derived[: min(stop + 1, torgb)]
        return Plan(tuple(steps), tuple(derived), self._preparation, output)

    def _style_steps(self, stop: int) -> list[Step]:
        """Affine layers of all styles in one launch, vectors of all channels in another.

        That writes the features of the input too, and the weights that convolve them.
        """
        denses = [self._input.affine(self._ws[0])]
        for i in range(stop + 1):
            affine, row = self._layers[i].affine, self._ws[i + 1]
            dense = Dense(affine.weight, affine.bias, row, self._styles[i], affine.weight_gain)
            denses.append(dense)
        modulations = [self._modulation(i, i < stop) for i in range(stop + 1)]
        energies = [weight.energy for weight in self._weights[: stop + 1]]
        affines = self._ops.fully_connected(denses, self._device, energies)
        vectors = self._ops.modulation(
            [m for m in modulations if m is not None],
            self._device,
            self._input.fourier_input(**self._next_of(_INPUT, stop > _INPUT)),
        )
        return [step("styles", affines), step("modulation, input", vectors)]

    def _modulation(self, index: int, has_next: bool) -> Modulation | None:
        if index == len(self._layers) - 1:
            return None  # ToRGB: the layer before has multiplied its styles in
        layer, weight = self._layers[index], self._weights[index]
        return Modulation(
            layer.geometry.out_channels,
            *self._vectors[index],
            energy=weight.energy,
            styles=self._styles[index],
            fan_in=weight.fan_in,
            bias=layer.bias,
            folded=True,
            clamp=layer.conv_clamp,
            correction=self._activation(index, is_last=not has_next).dc_correction,
            **self._next_of(index, has_next),
        )

    def _next_of(self, index: int, has_next: bool) -> dict[str, Any]:
        """Say what the output of a layer is scaled by for the one that reads it."""
        if not has_next:
            return {}
        following = self._layers[index + 1]
        gain = 1 / math.sqrt(following.geometry.in_channels) if following.geometry.is_torgb else 0.0
        return {
            "next_styles": self._styles[index + 1],
            "next_power": following.magnitude_ema,
            "next_gain": gain,
        }

    def _layer_steps(
        self, index: int, is_last: bool, torgb: TorgbLayer | None = None
    ) -> list[Step]:
        g = self._geometries[index]
        x = self._output(index - 1)
        convolution = self._convolutions[index]
        shape = convolution.blocked_shape or (*_convolved(g), self._out_pitch[index])
        t = self._arena.picture("convolved", shape, x.dtype)
        vectors = self._vectors[index]
        steps = [step(f"{g.name} convolution", convolution, x, t)]
        if torgb is None:
            name, y = f"{g.name} filtered_lrelu", self._output(index, is_last=is_last)
            activate = self._activation(index, is_last=is_last)
        else:
            name, y = f"{g.name} filtered_lrelu, torgb", self._torgb.parts(self._arena)
            activate = self._make_activation(index, x.dtype, torgb)
        return [*steps, step(name, activate, t, y, g.out_channels, *vectors)]

    def _activation(self, index: int, is_last: bool) -> Any:
        out_dtype = self._dtypes[index if is_last else index + 1]
        if (index, out_dtype) not in self._activations:
            self._activations[index, out_dtype] = self._make_activation(index, out_dtype)
        return self._activations[index, out_dtype]

    def _make_activation(
        self, index: int, out_dtype: torch.dtype, torgb: TorgbLayer | None = None
    ) -> Any:
        options = {} if torgb is None else {"torgb": torgb}
        return self._ops.filtered_lrelu(
            self._filters[index],
            self._device,
            self._dtypes[index],
            out_dtype,
            self._layers[index].conv_clamp is not None,
            self._convolutions[index].blocked_shape is not None,
            **options,
        )

    def _output(self, index: int, *, is_last: bool = False) -> Tensor:
        """Return the buffer of a layer's output, in the format of the layer that reads it."""
        g = self._geometries[max(index, 0)]
        size = (g.in_size, g.in_width) if index == _INPUT else (g.out_size, g.out_width)
        dtype = self._dtypes[max(index, 0) if is_last else index + 1]
        return self._arena.picture("activated", (*size, self._in_pitch[index + 1]), dtype)

    def _reserve(self) -> Arena:
        arena = Arena(self._device)
        first = self._geometries[0]
        shape = (first.in_size, first.in_width, self._in_pitch[0])
        arena.reserve("activated", shape, torch.float32)
        arena.reserve("convolved", shape, torch.float32)
        for index, g in enumerate(self._geometries[:-1]):
            shape = (*_convolved(g), self._out_pitch[index])
            arena.reserve("convolved", shape, self._dtypes[index])
            shape = (g.out_size, g.out_width, self._in_pitch[index + 1])
            for dtype in self._dtypes[index : index + 2]:
                arena.reserve("activated", shape, dtype)
        self._torgb.reserve(arena)
        arena.allocate()
        return arena

    def _prepare_weights(self) -> None:
        """Make the weights of the layers, and their convolutions."""
        for index, layer in enumerate(self._layers[:-1]):
            g, weight = self._geometries[index], layer.weight
            out_pitch, padding = self._out_pitch[index], g.conv_kernel - 1
            channels = g.out_channels  # filtered_lrelu looks at no padding
            filters, dtype = self._filters[index], self._dtypes[index]
            may_block = all(
                self._ops.accepts_blocked_input(filters, self._device, dtype, out)
                for out in self._dtypes[index : index + 2]
            )
            prepared = PreparedWeight(
                weight,
                in_pitch=self._in_pitch[index],
                out_pitch=out_pitch,
                dtype=dtype,
            )
            convolution = self._ops.convolution(
                prepared, (g.in_size, g.in_width), padding, channels, may_block=may_block
            )
            self._weights.append(prepared)
            self._convolutions.append(convolution)

    def _three_vectors(self, length: int) -> tuple[Tensor, Tensor, Tensor]:
        return self._vector(length), self._vector(length), self._vector(length)

    def _vector(self, length: int) -> Tensor:
        return torch.zeros(length, device=self._device)


def _layer(synthesis: AliasFreeSynthesis, name: str) -> SynthesisLayer:
    layer = synthesis.get_submodule(name)
    assert isinstance(layer, SynthesisLayer)
    return layer


def _convolved(g: AliasFreeLayer) -> tuple[int, int]:
    """Height and width behind the convolution [px]."""
    grown = g.conv_kernel - 1
    return g.in_size + grown, g.in_width + grown


def _filters(layer: SynthesisLayer, g: AliasFreeLayer) -> FilterGeometry:
    up, down = (
        None if f is None else f.detach().double().cpu().numpy()
        for f in (layer.up_filter, layer.down_filter)
    )
    return FilterGeometry(up, down, g.up_factor, g.down_factor, (*g.row_padding, *g.padding))
