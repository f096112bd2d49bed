"""Files of latents by the names that parameters give them: which play, and where they lie."""

from __future__ import annotations

from pathlib import Path

from sgview.state.latent_places import FilePlace, read_place
from sgview.state.motion import Motion
from sgview.state.params import Params
from sgview.state.places import is_file
from sgview.state.region_params import regions_on

SUFFIXES = (".npy", ".npz", ".pt", ".pth", ".pkl", ".safetensors", ".png")
"""Of files that may hold latents, in the order in which a name without one is looked for."""


W_KEYS = (
    "ws", "w", "dlatents", "dlatent", "projected_w", "w_plus", "wplus", "latents", "latent",
    "w_opt", "latent_codes", "arr_0", "",
)  # fmt: skip
"""What w is called in files of projectors and editors, the surest name first."""
Z_KEYS = ("z", "zs", "z_opt")


def is_z_key(path: Path, key: str) -> bool:
    """Return whether an array of that name holds z; one without a name is what its file is called.

    Args:
        path: of the file.
        key: of the array, in small letters.
    """
    stem = path.stem.lower()
    return key in Z_KEYS or (key in ("", "arr_0") and (stem in Z_KEYS or stem.startswith("z_")))


def split_name(name: str) -> tuple[str, int]:
    """Return the name of the file, and which of its latents, from 0: "walk.npz#3" is its third."""
    file, mark, number = name.rpartition("#")
    if mark and file and number.isascii() and number.isdigit() and len(number) < 6:
        return file, max(int(number) - 1, 0)
    return name, 0


def find_file(folder: Path, name: str) -> Path | None:
    """Return the file of that name in the library, or at that path; None if there is none."""
    path = Path(name).expanduser()
    path = path if path.is_absolute() else folder / path
    wanted = [path, *(path.with_name(path.name + suffix) for suffix in SUFFIXES if path.name)]
    return next((path for path in wanted if is_file(path)), None)


def files_played(params: Params, motion: Motion | None = None) -> frozenset[str]:
    """Return the names of the files that pictures of these parameters may be made from."""
    latents, mixing, mapping = params.latents, params.mixing, params.mapping
    regions = [region for _, region in regions_on(params.regions)]
    trails = (motion.trail, *motion.trails.values()) if motion is not None else ()
    names = [place for trail in trails for place, _ in trail]
    sources = {latents.source, *(region.source for region in regions)}
    sources.add(mixing.source if any(mixing.rows) else latents.source)
    if "path" in sources:
        names += [key.place for key in latents.path.keys]
    entries = [
        latents.entry if latents.source == "library" else "",
        mixing.entry if any(mixing.rows) and mixing.source == "library" else "",
        mapping.centre_entry if mapping.centre == "latent" else "",
        *(region.entry for region in regions if region.source == "library"),
    ]
    names += [f"file {entry}" for entry in entries if entry.strip()]
    found: set[str] = set()
    for name in names:
        try:
            place = read_place(name)
        except ValueError:
            continue
        if isinstance(place, FilePlace):
            found.add(split_name(place.name)[0])
    return frozenset(found)
