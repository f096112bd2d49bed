"""StyleGAN2's synthesis (skip architecture) as launches on prepared buffers."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from stylegan3.canvas import Canvas
from stylegan3.fast.kernels.activation.launcher import ActVectors
from stylegan3.fast.kernels.channels_last import planar
from stylegan3.fast.kernels.dense.launcher import Dense
from stylegan3.fast.kernels.modulation.first_input import ConstantInput
from stylegan3.fast.kernels.modulation.launcher import Modulation
from stylegan3.fast.operations import Operations, step
from stylegan3.fast.plan import Arena, Derived, Plan, Step
from stylegan3.fast.precision import Precision
from stylegan3.fast.stylegan2.convolutions import (
    StyleConvolution,
    block_of,
    input_pitch,
    prepare_convolutions,
    size_of,
)
from stylegan3.fast.stylegan2.torgb import TorgbBlock, TorgbPicture
from stylegan3.stylegan2.layers import SynthesisLayer, ToRGBLayer
from stylegan3.stylegan2.synthesis import StyleGAN2Synthesis

_ACTIVATED = ("activated", "activated too")  # in turn: a convolution reads one, writes the other


class StyleGAN2Planner:
    """Makes plans for one network; its weights and buffers serve all of them.

    A convolution's input comes with the styles multiplied in, by the operation that writes it.
    Convolutions that upsample are 2x2 ones with four output phases, then the resampling filter, or
    3x3 ones with the filter in their weights. Activations are part of convolutions that can do it.

    Args:
        synthesis: whose live tensors are read.
        operations: what to compute with.
        precision: number formats.
        ws: [num_ws, w_dim] float32, read by every plan.
        canvas: the size of pictures; None, the network's own, is all that there is.

    Raises:
        ValueError: if the network's architecture, activation or filters are not supported.
    """

    def __init__(
        self,
        synthesis: StyleGAN2Synthesis,
        operations: Operations,
        precision: Precision,
        ws: Tensor,
        canvas: Canvas | None = None,
    ) -> None:
        config = synthesis.config
        if config.architecture != "skip":
            raise ValueError(f"its architecture is {config.architecture}")
        if config.conv_kernel != 3:
            raise ValueError(
                f"its kernels are {config.conv_kernel} × {config.conv_kernel}, not 3 × 3"
            )
        if canvas is not None:
            raise ValueError("StyleGAN2 on a canvas has no fast path")
        if config.activation != "lrelu":
            raise ValueError(f"its activation is {config.activation}")
        self._synthesis = synthesis
        self._ops = operations
        self._ws = ws
        self._device = ws.device
        self._blocks = [block_of(synthesis, r) for r in config.block_resolutions]
        self._torgbs = [TorgbBlock(b, self._device) for b in self._blocks]
        self._noise = self._zeros(sum(2 * math.prod(size_of(b)) for b in self._blocks))
        self._convs = prepare_convolutions(synthesis, operations, precision, self._noise)
        prepared = [c.weight for c in self._convs]
        self._preparation = operations.weight_preparation(prepared, self._device)
        self._derived = [Derived(weight.source, i) for i, weight in enumerate(prepared)]
        self._arena = self._reserve()

    def plan(self, layer: str | None = None, noise_mode: str = "const") -> Plan:
        """Return the plan of the picture, or of the output of one of `layer_names`."""
        if layer == "input":
            return Plan((), (), self._preparation, self._blocks[0].const.detach()[None])
        block = len(self._blocks) - 1 if layer is None else self._block_of(layer)
        part = None if layer is None else layer.partition(".")[2] or "conv1"
        has_picture = part in (None, "torgb")
        count = 2 * block + (0 if part == "conv0" else 1)  # convolutions to run
        steps = self._style_steps(count, block if has_picture else None)
        if noise_mode == "random" and self._synthesis.config.use_noise:
            steps.append(Step("noise", self._noise.normal_))
        picture = TorgbPicture(self._ops, self._torgbs, 0 if layer is None else block)
        ready, waiting = len(steps), 0  # behind the last step that left something to be added up
        for index in range(count):
            is_last = index == count - 1
            made = self._conv_steps(index, is_last, noise_mode, picture if has_picture else None)
            steps[ready:ready] = [step for step in made if step.is_on_side_stream]
            steps += [step for step in made if not step.is_on_side_stream]
            if picture.waiting != waiting:
                ready, waiting = len(steps), picture.waiting
        if has_picture:
            steps += picture.complete()
            output = self._torgbs[block].picture[None]
        else:
            channels = self._synthesis.config.channels(self._blocks[block].resolution)
            output = planar(self._activated(count - 1), channels)
        return Plan(tuple(steps), tuple(self._derived[:count]), self._preparation, output)

    def _style_steps(self, count: int, picture: int | None) -> list[Step]:
        """Affine layers of all styles in one launch, vectors of all channels in another.

        That writes the input of the first convolution too.
        """
        denses = [self._dense(c.layer, c.row, c.styles) for c in self._convs[:count]]
        if picture is not None:
            for block, colours in enumerate(self._torgbs[: picture + 1]):
                denses.append(self._dense(colours.layer, 2 * block + 1, colours.styles))
        modulations = []
        for index, conv in enumerate(self._convs[:count]):
            has_next = index + 1 < count
            modulations.append(
                Modulation(
                    len(conv.layer.bias),
                    *conv.vectors,
                    energy=conv.weight.energy,
                    row_rms=conv.weight.row_rms,
                    styles=conv.styles,
                    fan_in=conv.weight.fan_in,
                    bias=conv.layer.bias,
                    next_styles=self._convs[index + 1].styles if has_next else None,
                )
            )
        energies = [c.weight.energy for c in self._convs[:count]]
        const = self._blocks[0].const
        first_input = ConstantInput(const, self._convs[0].styles, self._activated(-1))
        vectors = self._ops.modulation(modulations, self._device, first_input)
        return [
            step("styles", self._ops.fully_connected(denses, self._device, energies)),
            step("modulation, input", vectors),
        ]

    def _dense(self, layer: SynthesisLayer | ToRGBLayer, row: int, styles: Tensor) -> Dense:
        affine = layer.affine
        return Dense(affine.weight, affine.bias, self._ws[row], styles, affine.weight_gain)

    def _conv_steps(
        self, index: int, is_last: bool, noise_mode: str, picture: TorgbPicture | None
    ) -> list[Step]:
        conv = self._convs[index]
        steps = []
        x = self._activated(index - 1)
        if x.dtype != conv.dtype:  # a block of another number format begins
            cast = torch.zeros_like(x, dtype=conv.dtype)
            steps.append(Step(f"{conv.name} cast", lambda x=x, cast=cast: cast.copy_(x)))
            x = cast
        y, vectors = self._activated(index), self._act_vectors(conv, noise_mode)
        if conv.is_apart:
            t = self._convolved(conv)
            upsample = self._ops.phase_upsample(dtype=conv.dtype, clamp=conv.layer.conv_clamp)
            arguments = (t, y, len(conv.layer.bias), vectors, conv.taps)
            return [
                *steps,
                step(f"{conv.name} convolution", conv.convolution, x, t),
                step(f"{conv.name} upsample", upsample, *arguments),
            ]
        block = self._blocks.index(conv.block)
        has_colour = picture is not None and picture.has(block) and not conv.is_upsampling
        out = None if is_last and has_colour else y
        clamp = conv.layer.conv_clamp
        # ToRGB is there in frames without it too, which then need no kernels of their own
        colours = 0 if conv.is_upsampling else self._synthesis.img_channels
        stores = out is not None
        fused = conv.convolution.activated(clamp=clamp, store=stores, colours=colours)
        rgb = taps = None
        joins = False
        if picture is not None and has_colour:
            before, rgb, taps = picture.add(block, fused.torgb_parts if fused else 1, clamp)
            steps += before
            joins = bool(before)
        if fused:
            name = f"{conv.name} convolution, activation"
            last = step(name, fused, x, out, vectors, rgb, taps)
            return [*steps, replace(last, joins_side_stream=joins)]
        t = self._convolved(conv)
        activate = self._ops.activation(
            pitch=t.shape[2],
            dtype=conv.dtype,
            clamp=clamp,
            store=stores,
            colours=colours if has_colour else 0,
        )
        arguments = (t, out, len(conv.layer.bias), vectors, rgb, taps)
        return [
            *steps,
            step(f"{conv.name} convolution", conv.convolution, x, t),
            replace(step(f"{conv.name} activation", activate, *arguments), joins_side_stream=joins),
        ]

    def _act_vectors(self, conv: StyleConvolution, noise_mode: str) -> ActVectors:
        layer = conv.layer
        noise = strength = None
        if layer.use_noise and noise_mode != "none":
            noise = layer.noise_const if noise_mode == "const" else conv.fresh_noise
            strength = layer.noise_strength
        return ActVectors(*conv.vectors, noise=noise, strength=strength)

    def _convolved(self, conv: StyleConvolution) -> Tensor:
        """Return the buffer of what a convolution leaves to a pass of its own."""
        return self._arena.picture("convolved", conv.convolved_shape, conv.dtype)

    def _activated(self, index: int) -> Tensor:
        """Return the buffer of the output of convolution `index`; -1 is the constant's."""
        shape, dtype = self._activated_format(index)
        return self._arena.picture(_ACTIVATED[index % 2], shape, dtype)

    def _activated_format(self, index: int) -> tuple[tuple[int, int, int], torch.dtype]:
        if index < 0:
            shape = (*size_of(self._blocks[0]), input_pitch(self._synthesis.config, 0))
            return shape, self._convs[0].dtype
        return self._convs[index].activated_shape, self._convs[index].dtype

    def _reserve(self) -> Arena:
        arena = Arena(self._device)
        for index in range(-1, len(self._convs)):
            arena.reserve(_ACTIVATED[index % 2], *self._activated_format(index))
        for conv in self._convs:
            if conv.is_upsampling and not conv.is_apart:
                continue
            arena.reserve("convolved", conv.convolved_shape, conv.dtype)
        arena.allocate()
        return arena

    def _block_of(self, layer: str) -> int:
        return [b.name for b in self._blocks].index(layer.partition(".")[0])

    def _zeros(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        return torch.zeros(shape, dtype=dtype, device=self._device)
