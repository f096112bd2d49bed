import pytest
import torch

from sgview.engine.device import choose_device, describe_device, limit_memory


def test_auto_takes_the_best_there_is():
    if torch.cuda.is_available():
        best = "cuda"
    else:
        best = "mps" if torch.backends.mps.is_available() else "cpu"
    assert choose_device("auto").type == best


@pytest.mark.parametrize(("threads", "text"), [(1, "CPU, 1 thread"), (3, "CPU, 3 threads")])
def test_cpu(monkeypatch, threads, text):
    device = choose_device("cpu")
    assert device == torch.device("cpu")
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert describe_device(device) == text


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


def test_a_card_is_shared_with_other_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, torch.device]] = []
    card = torch.device("cuda", 1)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2**30, 8 * 2**30))
    monkeypatch.setattr(
        torch.cuda,
        "set_per_process_memory_fraction",
        lambda fraction, device: asked.append((fraction, device)),
    )
    for gib in (0.0, 2.0, 100.0):
        limit_memory(card, gib)
        limit_memory(torch.device("cpu"), gib)
    assert asked == [(0.25, card), (1.0, card)]
