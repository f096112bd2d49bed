"""StyleGAN2 of GenForce and StyleGAN3 of MMGeneration: our own networks under their names.

No published file lies here; names are those in the programs' issue trackers.
"""

import pytest
import torch

from stylegan3 import Generator
from stylegan3.checkpoints import read
from tests.support.networks import SMALL2, lively


def genforce_names(generator, fc=""):
    """Tensors of a StyleGAN2 generator as GenForce's program names and lays them out."""
    found = {}
    for name, x in generator.state_dict().items():
        part, *path = name.split(".")
        if name == "mapping.w_avg":
            found["truncation.w_avg"] = x
        elif part == "mapping":
            dot = fc if path[1] == "weight" else ""
            found[f"mapping.dense{path[0][2:]}.{dot}{path[1]}"] = x
        elif path[1] == "const":
            found["synthesis.early_layer.const"] = x[None]
        elif path[-1] == "resample_filter":
            continue
        else:
            stage = int(path[0][1:]).bit_length() - 3
            row = 2 * stage - (path[1] == "conv0")
            layer = f"output{stage}" if path[1] == "torgb" else f"layer{row}"
            last = ".".join(path[2:]).replace("noise_const", "noise").replace("affine", "style")
            if last == "style.bias":
                x = x - 1
            elif last == "style.weight":
                last = f"style.{fc}weight"
            elif last == "weight" and path[1] == "conv0":
                x = x.flip(2, 3)
            elif last == "noise":
                x = x[None, None]
            found[f"synthesis.{layer}.{last}"] = x.contiguous()
            if path[1] == "conv0":
                found[f"synthesis.{layer}.filter.kernel"] = torch.ones(1, 1, 4, 4)
    return found


@pytest.fixture(scope="module")
def generator():
    return lively(SMALL2)


@pytest.mark.parametrize("fc", ["", "fc."])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: {"models": {"generator_smooth": x}}])
def test_the_same_network(tmp_path, generator, fc, wrap):
    path = tmp_path / "a.pth"
    torch.save(wrap(genforce_names(generator, fc)), path)
    checkpoint = read(path)
    assert checkpoint.source_format == "GenForce checkpoint of StyleGAN2"
    for name, tensor in generator.state_dict().items():
        torch.testing.assert_close(checkpoint.state_dict[name], tensor, msg=name, rtol=0, atol=1e-6)
    assert any("is assumed" in note for note in checkpoint.notes)


def test_averaged_weights_come_first(tmp_path, generator):
    path = tmp_path / "a.pth"
    names = genforce_names(generator)
    torch.save({"generator": {k: v + 1 for k, v in names.items()}, "generator_smooth": names}, path)
    const = read(path).state_dict["synthesis.b4.const"]
    assert torch.equal(const, generator.synthesis.b4.const)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"synthesis.skip_layer0.weight": torch.ones(3, 3, 1, 1)}, "architecture resnet"),
        ({"synthesis.layer1.bias": torch.ones(2, 2)}, "synthesis.layer1.bias has the shape"),
        ({"synthesis.layer1.extra": torch.ones(2)}, "1 surplus (synthesis.layer1.extra)"),
        ({"synthesis.output3.weight": None}, "synthesis.b32.torgb.weight"),
    ],
)
def test_what_does_not_fit_names_the_family(tmp_path, forge, generator, change, words):
    path = tmp_path / "a.pth"
    names = genforce_names(generator) | change
    torch.save({k: v for k, v in names.items() if v is not None}, path)
    cause = forge.refused(path)
    assert cause.startswith("it is StyleGAN2") and words in cause and "docs/formats.md" in cause


@pytest.mark.parametrize("is_trained_too", [False, True])
def test_stylegan3_of_mmgeneration(tmp_path, small3, is_trained_too):
    """The published names, but for the mapping network, which is called `style_mapping`."""
    state = {k.replace("mapping.", "style_mapping."): v for k, v in small3.state_dict().items()}
    tensors = {f"generator_ema.{k}": v for k, v in state.items()}
    if is_trained_too:
        tensors |= {f"generator.{k}": v + 1 for k, v in state.items()}
    path = tmp_path / "a.pth"
    torch.save({"meta": {"epoch": 3}, "state_dict": tensors}, path)
    checkpoint = read(path)
    assert checkpoint.config == small3.config
    assert isinstance(Generator.of(checkpoint.config, checkpoint.state_dict), Generator)
    for name, tensor in small3.state_dict().items():
        assert torch.equal(checkpoint.state_dict[name], tensor), name
