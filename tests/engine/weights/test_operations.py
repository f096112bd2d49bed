import pytest
import torch

from sgview.engine.weights.operations import FUNCTIONS, Draws, apply, obstacle
from sgview.state.operations import OPERATIONS
from sgview.state.params import Edit

X = torch.arange(24, dtype=torch.float32).reshape(6, 2, 2) - 7.5


def run(operation, amount, x=X, **options):
    edit = Edit(tensor="t", operation=operation, amount=amount, **options)
    assert obstacle(edit, x) == ""
    before = x.clone()
    result = apply(edit, x, Draws())
    assert torch.equal(x, before)
    assert result.shape == x.shape and result.dtype == x.dtype
    return result


def changed_channels(result, x=X):
    return [i for i in range(len(x)) if not torch.equal(result[i], x[i])]


def test_every_operation_of_the_table_has_its_function():
    assert list(FUNCTIONS) == list(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_neutral_amount_changes_nothing(operation):
    assert torch.equal(run(operation, OPERATIONS[operation].neutral), X)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_seed_matters_where_the_table_says_so(operation):
    x = torch.randn(30, 4, generator=torch.Generator().manual_seed(1))
    one, other = (run(operation, 0.5, x, seed=seed) for seed in (3, 4))
    assert torch.equal(one, other) != ("seed" in OPERATIONS[operation].parameters)


def test_multiply_and_add():
    assert torch.equal(run("multiply", -2.5), X * -2.5)
    assert torch.equal(run("add", 0.5), X + 0.5)


def test_noise_is_amount_times_the_spread():
    x = torch.linspace(-3, 5, 4000)
    noise = (run("noise", 0.5, x) - x) / (0.5 * x.std())
    assert noise.std() == pytest.approx(1.0, abs=0.05)
    assert noise.mean() == pytest.approx(0.0, abs=0.05)
    assert torch.allclose(run("noise", 1.0, x) - x, 2 * (run("noise", 0.5, x) - x), atol=1e-4)
    assert torch.equal(run("noise", 0.0, x), x)


@pytest.mark.parametrize(
    ("x", "spread"), [(torch.zeros(500), 1.0), (torch.full((500,), -3.0), 3.0)]
)
def test_noise_of_equal_values_has_their_size(x, spread):
    assert (run("noise", 1.0, x) - x).std() == pytest.approx(spread, rel=0.15)


@pytest.mark.parametrize(("amount", "count"), [(0, 0), (0.5, 3), (-0.5, 3), (1, 6), (7.0, 6)])
def test_zero_takes_a_share_of_the_channels(amount, count):
    result = run("zero", amount)
    assert len(changed_channels(result)) == count
    assert (result[changed_channels(result)] == 0).all()


@pytest.mark.parametrize("operation", ["zero", "sign", "shuffle"])
def test_shares_grow(operation):
    x = torch.randn(40, 3, generator=torch.Generator().manual_seed(1))
    before: set[int] = set()
    for amount in (0.2, 0.4, 0.6, 0.8, 1.0):
        touched = set((run(operation, amount, x) != x).any(1).nonzero().flatten().tolist())
        assert before <= touched
        before = touched
    assert len(before) == 40


def test_sign_flips_a_share_of_the_values():
    x = torch.randn(100, 50, generator=torch.Generator().manual_seed(1))
    result = run("sign", 0.3, x)
    assert torch.equal(result.abs(), x.abs())
    assert (result != x).double().mean() == pytest.approx(0.3, abs=0.03)
    assert torch.equal(run("sign", 1.0, x), -x)


@pytest.mark.parametrize(("amount", "step"), [(1, 1), (-1, -1), (1.4, 1), (0.4, 0), (6, 0), (8, 2)])
def test_roll(amount, step):
    assert torch.equal(run("roll", amount), X.roll(step, 0))


def test_shuffle_keeps_every_channel_once():
    result = run("shuffle", 1.0)
    assert sorted(r.sum().item() for r in result) == sorted(x.sum().item() for x in X)
    assert len(changed_channels(result)) == len(X)  # none stays where it was
    assert len(changed_channels(run("shuffle", 0.5))) == 3


def test_quantise():
    step = 0.5 * X.std(correction=0)
    result = run("quantise", 0.5)
    assert torch.allclose(result / step, (result / step).round(), atol=1e-5)
    assert (result - X).abs().max() <= step / 2 + 1e-5
    assert torch.equal(run("quantise", 0.0), X)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_channel_range_limits(operation):
    result = run(operation, 0.9, channels=(2, 5))
    assert set(changed_channels(result)) <= {2, 3, 4}
    assert changed_channels(result)
    beyond = run(operation, 0.9, channels=(4, 99))
    assert set(changed_channels(beyond)) <= {4, 5}


@pytest.mark.parametrize("operation", ["noise", "zero", "sign", "shuffle"])
def test_seeds(operation):
    x = torch.randn(30, 4, generator=torch.Generator().manual_seed(1))
    assert torch.equal(run(operation, 0.5, x, seed=3), run(operation, 0.5, x, seed=3))
    assert not torch.equal(run(operation, 0.5, x, seed=3), run(operation, 0.5, x, seed=4))
    assert torch.isfinite(run(operation, 0.5, x, seed=-1)).all()


def test_tensors_of_one_shape_are_drawn_for_apart():
    draws = Draws()
    edits = [Edit(tensor=name, operation="noise") for name in ("a", "b")]
    first, second = (apply(edit, X, draws) for edit in edits)
    assert not torch.equal(first, second)


def test_draws_are_kept_only_while_wanted():
    draws = Draws()
    edits = [Edit(tensor=name, operation="noise") for name in ("a", "b")]
    for edit in edits:
        apply(edit, X, draws)
    draws.keep(edits[:1])
    assert [key[0] for key in draws._drawn] == ["a"]


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("amount", [-2.0, 0.0, 0.3, 1.0])
def test_single_numbers(operation, amount):
    for value in (0.0, 3.0):
        assert torch.isfinite(run(operation, amount, torch.tensor(value)))


@pytest.mark.parametrize(
    ("edit", "text"),
    [
        (Edit(tensor="t", amount=float("nan")), "not finite"),
        (Edit(tensor="t", channels=(6, 7)), "channels 0 to 5"),
        (Edit(tensor="t", channels=(3, 3)), "none of them"),
        (Edit(tensor="t", channels=(-1, 3)), "none of them"),
    ],
)
def test_obstacles(edit, text):
    assert text in obstacle(edit, X)
    assert "whole numbers" in obstacle(Edit(tensor="t"), torch.arange(3))
