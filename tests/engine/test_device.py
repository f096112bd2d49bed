import pytest
import torch

from sgview.engine.device import choose_device, describe_device


def test_auto_takes_the_best_there_is():
    if torch.cuda.is_available():
        best = "cuda"
    else:
        best = "mps" if torch.backends.mps.is_available() else "cpu"
    assert choose_device("auto").type == best


def test_cpu():
    device = choose_device("cpu")
    assert device == torch.device("cpu")
    assert describe_device(device) == f"CPU, {torch.get_num_threads()} threads"


@pytest.mark.parametrize("name", ["gpu", "", "cuda:x", "xla", "meta"])
def test_what_is_no_device(name):
    with pytest.raises(ValueError, match="The device is one of"):
        choose_device(name)


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_missing_devices_say_what_to_use(name):
    if getattr(torch, name).is_available():
        pytest.skip(f"{name} is here")
    with pytest.raises(ValueError, match="use --device cpu"):
        choose_device(name)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU")
def test_cuda_numbers():
    assert choose_device("cuda").index == torch.cuda.current_device()
    with pytest.raises(ValueError, match="There is no device cuda:99"):
        choose_device("cuda:99")
