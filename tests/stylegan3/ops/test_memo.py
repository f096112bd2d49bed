import pytest
import torch
from torch import nn

from stylegan3.ops.memo import Memo


class Counting:
    def __init__(self):
        self.memo = Memo()
        self.calls = 0

    def double(self, source):
        def make():
            self.calls += 1
            return source * 2

        return self.memo.get("double", (source,), make)


def test_a_value_is_made_once_while_nothing_changes():
    c, w = Counting(), torch.ones(3)
    assert c.double(w) is c.double(w)
    assert c.calls == 1


@pytest.mark.parametrize(
    "change",
    [lambda w: w.copy_(torch.full((3,), 5.0)), lambda w: w.fill_(5.0), lambda w: w[1:].mul_(5.0)],
    ids=["copy", "fill", "through a view"],
)
def test_a_change_in_place_is_noticed(change):
    c, w = Counting(), nn.Parameter(torch.ones(3), requires_grad=False)
    c.double(w)
    with torch.no_grad():
        change(w)
    assert torch.equal(c.double(w), w * 2)
    assert c.calls == 2


def test_another_tensor_or_storage_is_noticed():
    c, w = Counting(), torch.ones(3)
    c.double(w)
    assert torch.equal(c.double(torch.full((3,), 2.0)), torch.full((3,), 4.0))
    w = torch.full((3,), 7.0)
    c.double(w)
    w.data = torch.full((3,), 8.0)
    assert torch.equal(c.double(w), torch.full((3,), 16.0))


def test_nothing_is_kept_where_gradients_flow():
    c, w = Counting(), torch.ones(3, requires_grad=True)
    with torch.no_grad():
        c.double(w)
    assert c.double(w).requires_grad
    assert c.double(w).requires_grad
    assert c.calls == 3
    c.double(torch.ones(3))  # grad mode is on, but nothing asks for gradients
    assert c.calls == 4


def test_inference_tensors_are_never_remembered():
    c = Counting()
    with torch.inference_mode():
        w = torch.ones(3)
        c.double(w)
        w.mul_(2)
        assert torch.equal(c.double(w), torch.full((3,), 4.0))
