"""Files of networks and those that parameters name: known by what is in them, sent to workers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from sgview.cli.films.farm_worker import Files, Named
from sgview.cli.films.recipe import Chunk, digest_file
from sgview.show.takes.take import RecordedNetwork
from sgview.state.networks import Slot
from sgview.state.user_files import UserFile, UserFiles, user_files
from sgview.state.validation import ConfigError


class SentFiles:
    """Files of this machine as objects of Ray, each put there once.

    Args:
        ray: connected to a cluster.
        disk: finds the files that parameters name.
    """

    def __init__(self, ray: Any, disk: UserFiles) -> None:
        self._ray, self._disk = ray, disk
        self._files: dict[str, list[Any]] = {}
        self._named: Named = {}
        self._digests: dict[RecordedNetwork | UserFile, str] = {}

    def digest(self, network: RecordedNetwork) -> str:
        """Return what identifies a network, whatever its file is called.

        Raises:
            ConfigError: if its file cannot be read.
        """
        if network not in self._digests:
            path = network.path
            self._digests[network] = digest_file(Path(path)) if path else f"built in {network.name}"
        return self._digests[network]

    def digest_named(self, file: UserFile) -> str:
        """Return what identifies a file that parameters name; "": there is none.

        Raises:
            ConfigError: if it cannot be read.
        """
        if file not in self._digests:
            path = self._disk.find(*file)
            self._digests[file] = digest_file(path) if path else ""
        return self._digests[file]

    def of_chunk(self, chunk: Chunk) -> tuple[Files, Named]:
        """Return the files of networks, and those that parameters name, for a chunk."""
        files: Files = {}
        named: set[UserFile] = set()
        for shot in chunk.shots:
            files |= self.of_networks(shot.networks)
            named |= user_files(shot.params, shot.motion)
        return files, self.named(named)

    def named(self, named: Iterable[UserFile]) -> Named:
        """Return files as workers take them; those that are not there are left out."""
        for file in named:
            path = None if file in self._named else self._disk.find(*file)
            if path is not None:
                self._named[file] = (path.suffix, [self._put(path)])
        return {file: self._named[file] for file in named if file in self._named}

    def of_networks(self, networks: dict[Slot, RecordedNetwork]) -> Files:
        """Return the files of networks as workers take them.

        Raises:
            ConfigError: if one cannot be read.
        """
        files: Files = {}
        for network in networks.values():
            path = network.path
            if path and path not in self._files:
                self._files[path] = [self._put(path)]
            if path:
                files[path] = self._files[path]
        return files

    def _put(self, path: Path | str) -> Any:
        """Return a reference to the bytes of a file."""
        try:
            data = np.fromfile(path, np.uint8)
        except OSError as error:
            cause = error.strerror or error
            raise ConfigError(f"{path} cannot be read: {cause}") from error
        return self._ray.put(data)
