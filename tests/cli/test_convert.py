"""`sgview convert`: any checkpoint to safetensors."""

import pytest
import torch

from sgview.cli import main
from stylegan3.checkpoints import read
from tests.support import DATA
from tests.support.disk import full_disk


def test_conversion(capsys, tmp_path) -> None:
    target = tmp_path / "a.safetensors"
    assert main(["convert", str(DATA / "sg3-t-64-a.pkl"), str(target)]) == 0
    out, err = capsys.readouterr()
    assert out == f"{target}: StyleGAN3-T, 64 px, {target.stat().st_size / 1000:.1f} kB\n"
    assert err == ""
    before, after = read(DATA / "sg3-t-64-a.pkl"), read(target)
    assert after.config == before.config
    assert all(torch.equal(after.state_dict[k], v) for k, v in before.state_dict.items())


def test_a_size_of_two_sides(capsys, tmp_path) -> None:
    target = tmp_path / "a.safetensors"
    assert main(["convert", str(DATA / "faults" / "human_rect.pkl"), str(target)]) == 0
    assert ": StyleGAN2, 8 × 16 px, " in capsys.readouterr().out


def test_half(tmp_path) -> None:
    whole, half = tmp_path / "a.safetensors", tmp_path / "b.safetensors"
    source = str(DATA / "sg2-rosinality-64.pt")
    assert main(["convert", source, str(whole)]) == 0
    assert main(["convert", source, str(half), "--half"]) == 0
    assert half.stat().st_size < 0.75 * whole.stat().st_size
    a, b = read(whole).state_dict, read(half).state_dict
    for name, tensor in a.items():
        torch.testing.assert_close(b[name], tensor, rtol=1e-3, atol=1e-6, msg=name)


def test_notes_go_to_the_error_stream(capsys, tmp_path) -> None:
    source = tmp_path / "g.pt"
    weights = torch.load(DATA / "sg2-rosinality-64.pt", weights_only=True)
    torch.save({"g": weights["g_ema"], "latent_avg": weights["latent_avg"]}, source)
    assert main(["convert", str(source), str(tmp_path / "a.safetensors")]) == 0
    assert "sgview: note: it has no averaged weights" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "words"),
    [("a.pkl", "must end in .safetensors"), ("none/a.safetensors", "cannot be written")],
)
def test_targets_that_cannot_be(capsys, tmp_path, name, words) -> None:
    target = tmp_path / name
    assert main(["convert", str(DATA / "sg3-r-64.pkl"), str(target)]) == 2
    assert words in capsys.readouterr().err
    assert not target.exists()


def test_targets_that_exist_are_kept(capsys, tmp_path) -> None:
    target = tmp_path / "a.safetensors"
    target.write_bytes(b"precious")
    arguments = ["convert", str(DATA / "sg3-r-64.pkl"), str(target)]
    assert main(arguments) == 2
    assert capsys.readouterr().err == (
        f"sgview: {target}: it exists already: add --overwrite to replace it\n"
    )
    assert target.read_bytes() == b"precious"
    assert main([*arguments, "--overwrite"]) == 0
    assert read(target).family == "StyleGAN3-R"


def test_a_file_may_be_converted_onto_itself(tmp_path) -> None:
    target = tmp_path / "a.safetensors"
    assert main(["convert", str(DATA / "sg3-r-64.pkl"), str(target)]) == 0
    before = read(target).state_dict
    assert main(["convert", str(target), str(target), "--overwrite"]) == 0
    assert all(torch.equal(read(target).state_dict[k], v) for k, v in before.items())


def test_sources_that_cannot_be_read(capsys, tmp_path) -> None:
    target = tmp_path / "a.safetensors"
    assert main(["convert", str(tmp_path / "none.pkl"), str(target)]) == 2
    assert capsys.readouterr().err == f"sgview: {tmp_path / 'none.pkl'}: there is no such file\n"
    assert not target.exists()


def test_a_full_disk_is_one_sentence_and_keeps_the_old_file(capsys, tmp_path) -> None:
    target = tmp_path / "a.safetensors"
    target.write_text("old")
    with full_disk(1000):
        assert main(["convert", str(DATA / "sg2-64-a.pkl"), str(target), "--overwrite"]) == 2
    assert f"{target}: cannot be written" in capsys.readouterr().err
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.safetensors"]
