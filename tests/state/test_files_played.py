"""Which files of latents a picture is made from: a film on other machines needs them there."""

from sgview.state.library_files import files_played
from sgview.state.params import Key, Latents, Mapping, Mixing, Params, Path


def test_files_of_the_second_source_and_of_the_centre_play_too() -> None:
    path = Path(keys=(Key(place="file way.npz#2"), Key(at=1.0, place="seed 3")))
    mixing = Mixing(source="library", entry="petals", rows=(1.0,))
    centre = Mapping(centre="latent", centre_entry="night.npz")
    seeds = Latents(source="seeds", path=path)
    assert files_played(Params(mixing=mixing, mapping=centre)) == {"petals", "night.npz"}
    assert files_played(Params(mixing=Mixing(entry="petals", rows=(1.0,)))) == frozenset()
    along = Params(latents=seeds, mixing=Mixing(source="path", rows=(1.0,)))
    assert files_played(along) == {"way.npz"}
    assert files_played(Params(latents=seeds)) == frozenset()
