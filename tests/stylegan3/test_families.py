"""The table of families: every row is whole, and nothing else has to know of it."""

import dataclasses
import itertools
import re

import pytest
import torch

import stylegan3
from stylegan3 import (
    Config,
    Generator,
    StyleGAN1Config,
    StyleGAN2Config,
    StyleGAN3Config,
    StyleGANXLConfig,
    families,
    family_of,
)
from stylegan3.checkpoints.detect import UNSUPPORTED
from stylegan3.families import FAMILIES, Family, fresh_buffer, is_buffer, recognise
from stylegan3.fast.planners import PLANNERS
from tests.support import ROOT
from tests.support.networks import SMALL1, SMALL2, SMALL3, SMALL_XL

SMALL = {
    "stylegan1": SMALL1,
    "stylegan2": SMALL2,
    "stylegan3": SMALL3,
    "stylegan-xl": SMALL_XL,
}


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_row_knows_its_networks(family: Family) -> None:
    config = SMALL[family.name]
    assert isinstance(config, family.config)
    generator = Generator(config)
    state = generator.state_dict()
    assert recognise(state) is family
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    assert Generator(family.config(**family.infer(shapes))).state_dict().keys() == state.keys()
    buffers = {name for name, _ in generator.named_buffers()}
    assert {name for name in state if is_buffer(name)} == buffers
    assert {name.rpartition(".")[2] for name in buffers} == {*family.buffers, "w_avg"}


@pytest.mark.parametrize("config", SMALL.values(), ids=SMALL)
def test_fresh_buffers_are_those_of_a_new_network(config: Config) -> None:
    fixed = ("resample_filter", "magnitude_ema", "transform")
    for name, tensor in Generator(config).state_dict().items():
        fresh = fresh_buffer(config, name, tuple(tensor.shape))
        if name.endswith(fixed):
            assert fresh is not None and torch.equal(fresh, tensor), name
        elif name.endswith(".noise_const"):
            assert fresh is not None and fresh.shape == tensor.shape
            if config.family == "stylegan1":  # always the same: its programs always draw some
                again = fresh_buffer(config, name, tuple(tensor.shape))
                assert again is not None and torch.equal(fresh, again) and fresh.std() > 0.5
            else:
                assert not fresh.any()  # silent, not random
        else:
            assert fresh is None, name


def test_families_are_named_for_people() -> None:
    assert family_of(StyleGAN1Config()) == "StyleGAN1"
    assert family_of(StyleGAN2Config()) == "StyleGAN2"
    assert family_of(StyleGAN3Config()) == "StyleGAN3-T"
    assert family_of(StyleGAN3Config(use_radial_filters=True)) == "StyleGAN3-R"
    assert family_of(StyleGANXLConfig()) == "StyleGAN-XL"


def table_of_formats() -> list[list[str]]:
    """Rows of the page's table of all files: family, file, how it is recognised, opens, fast."""
    lines = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8").splitlines()
    first = lines.index("| family | file | recognised by | | on an NVIDIA card |") + 2
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[first:])
    return [[cell.strip() for cell in row[1:-1].split("|")] for row in rows]


def test_the_page_of_formats_has_the_families_that_open_and_no_other() -> None:
    rows = table_of_formats()
    assert all(len(row) == 5 and row[2] for row in rows)
    opening = {row[0] for row in rows if "opens" in row[3]}
    assert opening == {family.label for family in FAMILIES.values()} | {"any of them"}
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    for name in FAMILIES:
        assert f"`{name}`" in page  # as the configuration in a file names it


def test_the_page_of_formats_says_what_is_fast() -> None:
    fast = {family.label for family in FAMILIES.values() if family.name in PLANNERS}
    rows = [row for row in table_of_formats() if row[0] != "any of them"]
    assert {row[0] for row in rows if row[4].startswith("fast")} == fast
    assert all((row[4] != "") == ("opens" in row[3]) for row in rows)


def test_the_page_of_formats_has_every_name_of_what_does_not_open() -> None:
    named = " ".join(row[0] for row in table_of_formats() if row[3].startswith("is named"))
    for name, _, _ in UNSUPPORTED:
        words = re.sub(r"^an? | \(.*\)$", "", name).split(" or ")
        for word in words:
            assert word.removesuffix(" model").strip() in named, name


def test_names_of_no_family_are_not_recognised() -> None:
    assert recognise(["mapping.fc0.weight", "synthesis.b4x.const", "L0_36_512.weight"]) is None


def test_one_more_row_is_one_more_family(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclasses.dataclass(frozen=True)
    class CopyConfig(StyleGAN2Config):
        family = "copy"

    row = dataclasses.replace(
        FAMILIES["stylegan2"], config=CopyConfig, title=lambda config: "A copy"
    )
    monkeypatch.setattr(families, "FAMILIES", {**FAMILIES, row.name: row})
    monkeypatch.setattr("stylegan3.generator.FAMILIES", {**FAMILIES, row.name: row})
    options = dataclasses.asdict(SMALL2)
    generator = Generator(CopyConfig(**options))
    assert family_of(generator.config) == "A copy"
    assert families.config_from_dict(generator.config.to_dict()) == generator.config
    assert generator.state_dict().keys() == Generator(SMALL2).state_dict().keys()


def test_every_public_name_is_found() -> None:
    for name in stylegan3.__all__:
        assert getattr(stylegan3, name) is not None
