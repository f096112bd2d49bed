"""From the output of a layer to the picture: by one kernel on CUDA, else by torch."""

from __future__ import annotations

import torch
from torch import Tensor

from sgview.engine.picture.cuda_picture import PictureKernels
from sgview.engine.picture.last_good import LastGood
from sgview.engine.picture.picture import measure, select_channels, to_rgba8
from sgview.engine.transfer.download import HostVector
from sgview.state.params import Params


class Drawing:
    """Makes pictures of what a layer gives; one that is not finite gives way to the last good one.

    Args:
        has_kernels: whether compiled kernels are used.

    Attributes:
        last_good: the last picture that was finite.
    """

    def __init__(self, *, has_kernels: bool) -> None:
        self._kernels = PictureKernels() if has_kernels else None
        self.last_good = LastGood()

    def draw(
        self,
        output: Tensor,  # [1, C, H, W]
        rows: Tensor,  # [rows, n]: the latent, downloaded behind the statistics
        params: Params,
        vector: HostVector | None,  # takes both; None on the CPU
        *,
        has_alpha: bool,  # the fourth channel is the picture's alpha
    ) -> Tensor:  # [H, W, 4] uint8
        """Return the picture; statistics and the latent behind them go into the vector."""
        memory = None if vector is None else vector.memory
        if self._kernels is not None:
            last = self.last_good.of_size(*output.shape[2:])
            rgba8 = self._kernels.draw(
                output,
                rows,
                params.layer,
                params.view,
                last=last,
                copy=memory,
                has_alpha=has_alpha,
            )
            self.last_good.remember(rgba8)
            return rgba8
        shown = select_channels(output, params.layer)
        values = measure(output, shown)
        if memory is not None:
            memory.copy_(torch.cat([values, rows[0].to(values)]), non_blocking=True)
        alpha = output[0, 3] if has_alpha else None
        rgba8 = to_rgba8(shown, params.layer, params.view, alpha)
        return self.last_good.keep(rgba8, values[0])
