"""Several latents as they are synthesised into one picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sgview.engine.regions.mask_files import MaskFiles
from sgview.engine.regions.masks import Shares
from sgview.state.motion import Motion
from sgview.state.params import Params, Region
from sgview.state.region_params import regions_on
from sgview.state.region_places import masks_at
from stylegan3 import Canvas
from stylegan3 import Regions as Mixed

OBSTACLE = "several latents are in one picture"
"""Why modules play: a graph makes pictures of one latent."""


@dataclass(frozen=True, eq=False)
class Several:
    """The latents of one picture, and where each of them is seen."""

    ws: Tensor  # [K, num_ws, w_dim]; the next picture overwrites it
    regions: Mixed


class SeveralLatents:
    """Gathers the latents of each picture, and draws their masks, in memory that stays.

    Args:
        own: width and height of the network's pictures [px].
        device: where it plays.
        upload: from the CPU to the device, without waiting.
        files: pictures that are masks.
    """

    def __init__(
        self,
        own: tuple[int, int],
        device: torch.device,
        upload: Callable[[Tensor], Tensor],
        files: MaskFiles,
    ) -> None:
        self._own = own
        self._upload = upload
        self._files = files
        self._pictures: dict[str, tuple[Tensor, Tensor]] = {}  # on the CPU, and on the device
        self._shares = Shares(device, self._find_file)
        self._ws: Tensor | None = None

    def gather(
        self,
        first: Tensor,  # [num_ws, w_dim]
        further: Callable[[str, Region], Tensor],  # the rows of a region by its name
        params: Params,
        motion: Motion,
        canvas: Canvas | None,
    ) -> Several:
        """Return the latents that are in the picture, the first one below all others."""
        regions = regions_on(params.regions)
        count = len(regions) + 1
        if self._ws is None or len(self._ws) != count:
            self._ws = first.new_empty(count, *first.shape)
        self._ws[0].copy_(first)
        for place, (name, region) in enumerate(regions, 1):
            self._ws[place].copy_(further(name, region))
        width, height = self._own if canvas is None else (canvas.width, canvas.height)
        masks = masks_at(params.regions, motion, width / height)
        begin, end = params.regions.first_row, params.regions.last_row
        plan = (width, height, begin, end, params.layer.name)
        self._forget_old_files()
        self._shares.set(masks, self._own[1] / height, plan)
        return Several(self._ws, Mixed(self._shares, begin, end))

    def _find_file(self, name: str) -> Tensor | None:
        picture = self._files.read(name)
        if picture is None:
            return None
        if name not in self._pictures:
            self._pictures[name] = picture, self._upload(picture)
        return self._pictures[name][1]

    def _forget_old_files(self) -> None:
        """Draw anew what was made of a picture that has been read again."""
        for name, (before, _) in tuple(self._pictures.items()):
            if self._files.read(name) is not before:
                del self._pictures[name]
                self._shares.redraw()
