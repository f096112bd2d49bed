"""The latents of files that play, each read once."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from sgview.engine.latents.latent_files import LatentFile, LatentFileError, read_latents
from sgview.state.latent_places import FilePlace
from sgview.state.library_files import split_name
from sgview.state.status import Notice
from sgview.state.user_files import LATENT, UserFiles

_MOST_FILES = 64  # held in memory


class Library:
    """Finds and reads files of latents; what cannot be read is told once.

    Attributes:
        files: where they are found, and all else that parameters name.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.files = UserFiles(folder)
        self.count = 0
        """Rises when files are read anew: what was made of them is outdated."""
        self._files: dict[str, LatentFile | None] = {}  # None: it cannot be read
        self._told: set[str] = set()
        self._notices: list[Notice] = []

    @property
    def folder(self) -> Path:
        """Where names without a path are looked for."""
        return self.files.folder

    def kind(self, place: FilePlace) -> str:
        """Return "z" or "w", "" if the file cannot be read."""
        file = self._file(split_name(place.name)[0])
        return file.kind if file is not None else ""

    def entry(self, place: FilePlace, width: int, rows: int = 1) -> Tensor | None:
        """Return [rows, width] float32 on the CPU; None, and a notice, if there is none."""
        name, index = split_name(place.name)
        file = self._file(name)
        if file is None:
            return None
        try:
            return file.entry(index, width, rows, name)
        except LatentFileError as error:
            self._tell(str(error))
            return None

    def fits(self, place: FilePlace, widths: dict[str, int]) -> bool:
        """Return whether a place can be played; nothing is told.

        Args:
            place: of a file.
            widths: of the network's "z" and "w".
        """
        name, index = split_name(place.name)
        before, told = len(self._notices), set(self._told)
        file = self._file(name)
        del self._notices[before:]
        self._told = told
        if file is None:
            self._files.pop(name, None)  # who plays it is told
            return False
        return index < len(file.values) and file.values.shape[-1] == widths[file.kind]

    def forget(self) -> None:
        """Read files anew when they are asked for: they may have changed."""
        self._files.clear()
        self._told.clear()
        self.count += 1

    def take_notices(self) -> list[Notice]:
        """Return what the user should know since the last call."""
        notices, self._notices = self._notices, []
        return notices

    def _file(self, name: str) -> LatentFile | None:
        if name not in self._files:
            while len(self._files) >= _MOST_FILES:
                self._files.pop(next(iter(self._files)))
            self._files[name] = None
            path = self.files.find(LATENT, name)
            try:
                if path is None:
                    raise LatentFileError(f"There is no latent {name} in {self.folder}.")
                self._files[name] = read_latents(path)
            except LatentFileError as error:
                self._tell(str(error))
        return self._files[name]

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._notices.append(Notice(0, "warning", text, "Seed 0 plays in its place."))
