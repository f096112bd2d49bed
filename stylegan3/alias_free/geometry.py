"""Where each StyleGAN3 layer samples its signal, and with which filters."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stylegan3.canvas import Canvas, beyond


@dataclass(frozen=True)
class AliasFreeLayer:
    """Geometry of one StyleGAN3 layer (Karras et al. 2021, section 3.2 and appendix F).

    Rates are samples per picture height, frequencies cycles per picture height, sizes pixels.
    """

    index: int
    name: str  # "L6_36_16"
    is_torgb: bool
    is_critically_sampled: bool
    in_channels: int
    out_channels: int
    in_size: int  # height; and width, where pictures are square
    out_size: int
    in_sampling_rate: int
    out_sampling_rate: int
    tmp_sampling_rate: int
    in_cutoff: float
    out_cutoff: float
    in_half_width: float
    out_half_width: float
    conv_kernel: int
    up_factor: int
    down_factor: int
    up_taps: int  # 1: no filter
    down_taps: int  # 1: no filter
    is_down_radial: bool
    padding: tuple[int, int]  # (low, high) of the upsampled signal, of columns
    in_width: int
    out_width: int
    row_padding: tuple[int, int]  # (low, high), of rows; as `padding` where pictures are square

    @classmethod
    def between(
        cls,
        index: int,
        *,
        is_torgb: bool,
        is_critically_sampled: bool,
        channels: tuple[int, int],  # this and the following pairs: of its input, of its output
        sizes: tuple[int, int],  # heights
        sampling_rates: tuple[int, int],
        cutoffs: tuple[float, float],
        half_widths: tuple[float, float],
        conv_kernel: int,
        filter_size: int,  # taps per unit of resampling factor
        lrelu_upsampling: int,
        use_radial_filters: bool,
        widths: tuple[int, int] | None = None,  # None: as wide as high
    ) -> AliasFreeLayer:
        """Derive factors, taps and padding of the layer between two sampling grids."""
        (in_rate, out_rate), (in_size, out_size) = sampling_rates, sizes
        in_width, out_width = widths or sizes
        kernel = 1 if is_torgb else conv_kernel
        tmp_rate = max(in_rate, out_rate) * (1 if is_torgb else lrelu_upsampling)
        up, down = tmp_rate // in_rate, tmp_rate // out_rate
        up_taps = filter_size * up if up > 1 and not is_torgb else 1
        down_taps = filter_size * down if down > 1 and not is_torgb else 1

        def pads(before: int, after: int) -> tuple[int, int]:
            total = (after - 1) * down + 1 - (before + kernel - 1) * up + up_taps + down_taps - 2
            low = (total + up) // 2
            return low, total - low

        return cls(
            index=index,
            name=f"L{index}_{out_width}_{channels[1]}",
            is_torgb=is_torgb,
            is_critically_sampled=is_critically_sampled,
            in_channels=channels[0],
            out_channels=channels[1],
            in_size=in_size,
            out_size=out_size,
            in_sampling_rate=in_rate,
            out_sampling_rate=out_rate,
            tmp_sampling_rate=tmp_rate,
            in_cutoff=cutoffs[0],
            out_cutoff=cutoffs[1],
            in_half_width=half_widths[0],
            out_half_width=half_widths[1],
            conv_kernel=kernel,
            up_factor=up,
            down_factor=down,
            up_taps=up_taps,
            down_taps=down_taps,
            is_down_radial=use_radial_filters and not is_critically_sampled and down_taps > 1,
            padding=pads(in_size, out_size),
            in_width=in_width,
            out_width=out_width,
            row_padding=pads(in_width, out_width),
        )

    def extended(
        self,
        before: tuple[int, int],  # further samples at either end: of columns, of rows; its input
        after: tuple[int, int],  # likewise of its output
    ) -> AliasFreeLayer:
        """Return the same layer on larger grids, whose middles are the grids of this one."""

        def pads(own: tuple[int, int], axis: int) -> tuple[int, int]:
            shift = after[axis] * self.down_factor - before[axis] * self.up_factor
            return own[0] + shift, own[1] + shift

        return replace(
            self,
            in_width=self.in_width + 2 * before[0],
            out_width=self.out_width + 2 * after[0],
            in_size=self.in_size + 2 * before[1],
            out_size=self.out_size + 2 * after[1],
            row_padding=pads(self.row_padding, 0),
            padding=pads(self.padding, 1),
        )


def layers_on(layers: tuple[AliasFreeLayer, ...], canvas: Canvas) -> tuple[AliasFreeLayer, ...]:
    """Return all layers of a network as they are for pictures of the size of `canvas`.

    No sample moves: every grid is that of the network, with further samples at its ends, as many
    as the larger picture needs at the rate of the layer. So margins stay as they are.
    """
    last = layers[-1]

    def further(rate: int, size: int) -> tuple[int, int]:
        top = last.out_sampling_rate
        columns = beyond(canvas.width, last.out_width, rate, top)
        rows = beyond(canvas.height, last.out_size, rate, top)
        if (rate, size) == (top, last.out_size):  # without margins: the picture's own grid
            return columns, rows
        # even, so that rows and columns stay in phase where the rate doubles: one kernel does both
        return columns + columns % 2, rows + rows % 2

    return tuple(
        layer.extended(
            further(layer.in_sampling_rate, layer.in_size),
            further(layer.out_sampling_rate, layer.out_size),
        )
        for layer in layers
    )
