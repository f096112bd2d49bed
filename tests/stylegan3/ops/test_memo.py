import copy
import pickle

import pytest
import torch
from torch import nn

from stylegan3.ops.memo import SMALL, Memo, trust_version_counters


@pytest.fixture(params=[False, True], ids=["by content", "by counters"], name="c")
def counting(request):
    return Counting(request.param)


class Counting:
    def __init__(self, trusts_counters):
        self.memo = Memo()
        if trusts_counters:
            self.memo.trust_version_counters()
        self.calls = 0

    def double(self, source):
        def make():
            self.calls += 1
            return source * 2

        return self.memo.get("double", (source,), make)


def test_a_value_is_made_once_while_nothing_changes(c):
    w = torch.ones(3)
    assert c.double(w) is c.double(w)
    assert c.calls == 1


@pytest.mark.parametrize(
    "change",
    [lambda w: w.copy_(torch.full((3,), 5.0)), lambda w: w.fill_(5.0), lambda w: w[1:].mul_(5.0)],
    ids=["copy", "fill", "through a view"],
)
def test_a_change_in_place_is_noticed(c, change):
    w = nn.Parameter(torch.ones(3), requires_grad=False)
    c.double(w)
    with torch.no_grad():
        change(w)
    assert torch.equal(c.double(w), w * 2)
    assert c.calls == 2


def test_another_tensor_or_storage_is_noticed(c):
    w = torch.ones(3)
    c.double(w)
    assert torch.equal(c.double(torch.full((3,), 2.0)), torch.full((3,), 4.0))
    w = torch.full((3,), 7.0)
    c.double(w)
    w.data = torch.full((3,), 8.0)
    assert torch.equal(c.double(w), torch.full((3,), 16.0))


def test_nothing_is_kept_where_gradients_flow(c):
    w = torch.ones(3, requires_grad=True)
    with torch.no_grad():
        c.double(w)
    assert c.double(w).requires_grad
    assert c.double(w).requires_grad
    assert c.calls == 3
    c.double(torch.full((3,), 2.0))  # grad mode is on, but nothing asks for gradients
    assert c.calls == 4


def test_inference_tensors_are_never_remembered(c):
    with torch.inference_mode():
        w = torch.ones(3)
        c.double(w)
        w.mul_(2)
        assert torch.equal(c.double(w), torch.full((3,), 4.0))


def test_what_is_made_in_inference_mode_serves_gradients_later(c):
    w = torch.ones(3)
    with torch.inference_mode():
        c.double(w)
    x = torch.ones(3, requires_grad=True)
    (c.double(w) * x).sum().backward()
    assert torch.equal(x.grad, torch.full((3,), 2.0))
    assert c.calls == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w.data.mul_(0),
        lambda w: w.data[1:].fill_(3),
        lambda w: w.numpy().__setitem__(slice(2), 4),
        lambda w: w.data.copy_(w.data.roll(1)),
    ],
    ids=["data", "part of data", "NumPy", "rolled"],
)
@pytest.mark.parametrize("count", [5, SMALL + 1])
def test_a_change_that_torch_does_not_count_is_noticed(change, count):
    c, w = Counting(False), torch.arange(float(count))
    c.double(w)
    change(w)
    assert torch.equal(c.double(w), w * 2)


def test_large_tensors_are_kept_where_counters_are_trusted():
    w = torch.ones(SMALL + 1)
    for trusts, calls in ((False, 2), (True, 1)):
        c = Counting(trusts)
        c.double(w)
        c.double(w)
        assert c.calls == calls


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_trusts_nobody_and_holds_nothing(c, copied):
    w = torch.ones(3)
    c.double(w)
    c.memo = copied(c.memo)
    c.double(w)
    assert c.calls == 2
    w.data.mul_(0)
    assert torch.equal(c.double(w), torch.zeros(3))


def test_the_memos_of_a_module_are_found():
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    c = Counting(False)
    module[1].remembered = c.memo
    trust_version_counters(module)
    w = torch.ones(SMALL + 1)
    assert c.double(w) is c.double(w)
