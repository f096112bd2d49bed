import math

import pytest
import torch

from stylegan3.ops.bias_act import ACTIVATIONS, bias_act, bias_act_ref
from stylegan3.stylegan2.config import ACTIVATIONS as CONFIGURED


def test_lrelu_is_what_the_formula_says():
    x = torch.tensor([[-2.0, 0.5, 3.0]])
    y = bias_act(x, torch.tensor([1.0, 0.0, -1.0]), act="lrelu", clamp=2.0)
    want = torch.tensor([[-0.2 * math.sqrt(2), 0.5 * math.sqrt(2), 2.0]])
    torch.testing.assert_close(y, want)


@pytest.mark.parametrize("act", ACTIVATIONS)
@pytest.mark.parametrize("with_bias", [True, False])
def test_matches_reference_and_leaves_its_input(act, with_bias):
    torch.manual_seed(0)
    x, bias = torch.randn(2, 3, 4, 5), torch.randn(3) if with_bias else None
    before = x.clone()
    with torch.no_grad():
        y = bias_act(x, bias, act=act, gain=0.7, clamp=0.9)
    assert torch.equal(x, before)
    torch.testing.assert_close(y, bias_act_ref(x, bias, act=act, gain=0.7, clamp=0.9))


def test_configurations_know_the_same_activations():
    assert tuple(ACTIVATIONS) == CONFIGURED


def test_bias_may_lie_along_another_dimension():
    y = bias_act(torch.zeros(2, 3, 4), torch.arange(4.0), dim=2)
    assert torch.equal(y[1, 2], torch.arange(4.0))


def test_wrong_arguments_name_what_was_expected():
    with pytest.raises(ValueError, match=r"bias must have shape \[3\].*not \[4\]"):
        bias_act(torch.zeros(2, 3), torch.zeros(4))
    with pytest.raises(ValueError, match="activation must be one of linear"):
        bias_act(torch.zeros(2, 3), act="mish")
