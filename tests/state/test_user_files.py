"""Files of the user that parameters name: all of them are in one table."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.inspect import DictType, StrType, StructType, TupleType, UnionType, VarTupleType

from sgview.state.params import Directions, Latents, Mapping, Params
from sgview.state.user_files import KINDS, UserFile, UserFiles, user_files

NO_FILES = {
    "layer.name",
    "edits.*.tensor",
    "edits.*.expression",
    "blend.amounts.*",
    "ground.noise.layers.*",
    "bindings.*",
    "sliders.*",
    "osc_out.*",
}
"""Texts that name something else."""


def texts(node: msgspec.inspect.Type, path: str = "") -> Iterator[str]:
    """Yield the path of each text that may be anything, keys of tables too."""
    match node:
        case msgspec.inspect.Metadata():
            yield from texts(node.type, path)
        case StrType():
            yield path
        case StructType():
            for field in node.fields:
                yield from texts(field.type, f"{path}.{field.name}".lstrip("."))
        case UnionType():
            for each in node.types:
                yield from texts(each, path)
        case TupleType():
            for each in node.item_types:
                yield from texts(each, f"{path}.*")
        case VarTupleType():
            yield from texts(node.item_type, f"{path}.*")
        case DictType():
            yield from texts(node.key_type, f"{path}.*")
            yield from texts(node.value_type, f"{path}.*")


def test_each_text_of_params_names_a_file_of_the_table_or_none() -> None:
    """A new leaf that names a file is a row of the table, or films are wrong on other machines."""
    named = {leaf for kind in KINDS for leaf in kind.leaves}
    found = set(texts(msgspec.inspect.type_info(Params)))
    assert found == named | NO_FILES
    assert not named & NO_FILES


def test_files_are_known_by_kind_and_name() -> None:
    params = Params(
        latents=Latents(source="library", entry="petals#2"),
        mapping=Mapping(centre="modes", centroids=" kinds.npy "),
        directions=Directions(amounts={"smile#3:0-4": 0.0, "smile": 1.0, "pca1": 1.0, ":": 1.0}),
    )
    assert user_files(params) == {
        UserFile("latent", "petals"),
        UserFile("direction", "smile"),
        UserFile("averages", "kinds.npy"),
    }
    assert user_files(Params(mapping=Mapping(centroids="kinds.npy"))) == frozenset()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_given_is_found_first_and_alone_where_all_else_is_closed(
    tmp_path: Path, kind
) -> None:
    files = UserFiles(tmp_path)
    folder = tmp_path / kind.folder
    folder.mkdir(exist_ok=True)
    for name in ("here.npy", "given.npy"):
        (folder / name).touch()
    assert files.find(kind.name, "here") == folder / "here.npy"
    other = tmp_path / "other"
    files.give({UserFile(kind.name, "given"): other})
    assert files.find(kind.name, "given") == other
    files.is_closed = True
    assert files.find(kind.name, "given") == other
    assert files.find(kind.name, "here") is None
