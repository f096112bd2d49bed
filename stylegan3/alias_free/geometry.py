"""Where each StyleGAN3 layer samples its signal, and with which filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stylegan3.config import StyleGAN3Config


@dataclass(frozen=True)
class AliasFreeLayer:
    """Geometry of one StyleGAN3 layer (Karras et al. 2021, section 3.2 and appendix F).

    Rates are samples per picture width, frequencies cycles per picture width, sizes pixels.
    """

    index: int
    name: str  # "L6_36_16"
    is_torgb: bool
    is_critically_sampled: bool
    in_channels: int
    out_channels: int
    in_size: int
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
    padding: tuple[int, int]  # (low, high) of the upsampled signal, the same on both axes

    @classmethod
    def of(cls, config: StyleGAN3Config, index: int) -> AliasFreeLayer:
        """Geometry of layer `index` in 0 .. config.num_layers; the last is ToRGB."""
        prev = max(index - 1, 0)
        is_torgb = index == config.num_layers
        is_critical = index >= config.num_layers - config.num_critical
        in_rate, out_rate = int(config.sampling_rates[prev]), int(config.sampling_rates[index])
        in_size, out_size = int(config.sizes[prev]), int(config.sizes[index])
        kernel = 1 if is_torgb else config.conv_kernel
        tmp_rate = max(in_rate, out_rate) * (1 if is_torgb else config.lrelu_upsampling)
        up, down = tmp_rate // in_rate, tmp_rate // out_rate
        up_taps = config.filter_size * up if up > 1 and not is_torgb else 1
        down_taps = config.filter_size * down if down > 1 and not is_torgb else 1
        total = (out_size - 1) * down + 1 - (in_size + kernel - 1) * up + up_taps + down_taps - 2
        low = (total + up) // 2
        channels = int(config.channels[index])
        return cls(
            index=index,
            name=f"L{index}_{out_size}_{channels}",
            is_torgb=is_torgb,
            is_critically_sampled=is_critical,
            in_channels=int(config.channels[prev]),
            out_channels=channels,
            in_size=in_size,
            out_size=out_size,
            in_sampling_rate=in_rate,
            out_sampling_rate=out_rate,
            tmp_sampling_rate=tmp_rate,
            in_cutoff=float(config.cutoffs[prev]),
            out_cutoff=float(config.cutoffs[index]),
            in_half_width=float(config.half_widths[prev]),
            out_half_width=float(config.half_widths[index]),
            conv_kernel=kernel,
            up_factor=up,
            down_factor=down,
            up_taps=up_taps,
            down_taps=down_taps,
            is_down_radial=config.use_radial_filters and not is_critical and down_taps > 1,
            padding=(low, total - low),
        )
