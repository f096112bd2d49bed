"""Where what shapes w is found, and masks: analyses, files and the library."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sgview.engine.latents.analyses import Analyses
from sgview.engine.latents.direction_files import VectorFiles
from sgview.engine.latents.library import Library
from sgview.engine.regions.mask_files import MaskFiles
from sgview.state.status import Notice
from sgview.state.user_files import AVERAGES, DIRECTION, MASK


@dataclass(frozen=True, eq=False)
class Found:
    """Where what shapes w is found, and masks."""

    analyses: Analyses
    directions: VectorFiles
    averages: VectorFiles
    library: Library
    masks: MaskFiles

    @classmethod
    def of(cls, library: Library, found: Path | None = None) -> Found:
        """Return what is found beside the library; what took seconds is kept in `found`."""
        files = library.files
        directions, averages = (
            VectorFiles(files.folder_of(kind), partial(files.find, kind))
            for kind in (DIRECTION, AVERAGES)
        )
        masks = MaskFiles(partial(files.find, MASK))
        return cls(Analyses(found), directions, averages, library, masks)

    def take_notices(self) -> list[Notice]:
        """Return what the user should know since the last call."""
        tellers = (self.library, self.analyses, self.directions, self.averages, self.masks)
        return [notice for teller in tellers for notice in teller.take_notices()]
