"""Which files of latents play, and where they lie."""

from pathlib import Path

from sgview.state.journeys import as_it_is
from sgview.state.library_files import files_played, find_file, split_name
from sgview.state.motion import Motion
from sgview.state.params import Key, Latents, Mapping, Params
from sgview.state.params import Path as LatentPath
from sgview.state.shaping_params import Mixing

PATH = LatentPath(keys=(Key(place="file a"), Key(place="seed 1"), Key(place="nowhere")))


def test_the_files_that_play() -> None:
    assert files_played(Params(latents=Latents(entry="b", path=PATH))) == set()
    assert files_played(Params(latents=Latents(source="library", entry="b.npz#3"))) == {"b.npz"}
    assert files_played(Params(latents=Latents(source="path", path=PATH))) == {"a"}
    gliding = Motion(trail=(("file c", 0.5), ("seed 1", 0.1)))
    assert files_played(Params(), gliding) == {"c"}
    mixed = Params(mixing=Mixing(source="library", entry="d", rows=(0.0, 1.0)))
    assert files_played(mixed) == {"d"} and files_played(as_it_is(mixed)) == set()
    over_path = Params(latents=Latents(path=PATH), mixing=Mixing(source="path", rows=(1.0,)))
    assert files_played(over_path) == {"a"}
    assert files_played(Params(mapping=Mapping(centre="latent", centre_entry="e"))) == {"e"}


def test_names_and_where_they_lie(tmp_path: Path) -> None:
    assert split_name("walk.npz#3") == ("walk.npz", 2)
    assert split_name("walk#x") == ("walk#x", 0) and split_name("#1") == ("#1", 0)
    (tmp_path / "petals.npz").write_bytes(b"")
    for name in ("petals", "petals.npz", str(tmp_path / "petals")):
        assert find_file(tmp_path, name) == tmp_path / "petals.npz"
    assert find_file(tmp_path, "leaves") is None and find_file(tmp_path, "") is None
