"""The fast operations give the values and gradients of the plain ones."""

import pytest

from bakeoff.errors import ModelUnavailableError

torch = pytest.importorskip("torch")
functional = torch.nn.functional


def _same(fast, plain, inputs) -> None:
    """Compares values and gradients in float64, so that only mistakes make a difference."""
    inputs = [one.double().requires_grad_() for one in inputs]
    values = fast(*inputs), plain(*inputs)
    towards = torch.randn_like(values[0])
    torch.testing.assert_close(*values)
    for ours, theirs in zip(*(torch.autograd.grad(value, inputs, towards) for value in values), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_lora_product_is_the_frozen_one_plus_the_scaled_low_rank_one() -> None:
    """Values, and gradients of the input and both factors."""
    from bakeoff.tuning.kernels import LoraLinear

    weight, bias = torch.randn(6, 5).double(), torch.randn(6).double()
    _same(
        lambda x, a, b: LoraLinear.apply(x, a, b, (weight + 2.0 * b @ a).detach(), bias, 2.0),
        lambda x, a, b: functional.linear(x, weight, bias) + 2.0 * x @ a.t() @ b.t(),
        [torch.randn(2, 7, 5), torch.randn(3, 5), torch.randn(6, 3)],
    )


@pytest.mark.parametrize("kept_keys", [0, 2048])
@pytest.mark.parametrize(("n", "m"), [(5, 5), (5, 9), (300, 300), (300, 340), (129, 130), (1, 50)])
def test_attention_is_causal_softmax_attention(n: int, m: int, kept_keys: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """For one and several blocks of queries, with and without keys before the first query, heads in groups.

    The same whether the weights are kept for the backward pass or computed again.
    """
    from bakeoff.tuning import kernels
    from bakeoff.tuning.kernels import Attention

    monkeypatch.setattr(kernels, "KEPT_KEYS", kept_keys)
    seen = torch.ones(n, m, dtype=torch.bool).tril(m - n)
    _same(
        lambda q, k, v: Attention.apply(q, k, v, 0.3),
        lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, attn_mask=seen, scale=0.3, enable_gqa=True),
        [torch.randn(2, 6, n, 4), torch.randn(2, 3, m, 4), torch.randn(2, 3, m, 4)],
    )


@pytest.mark.parametrize("kept_keys", [0, 2048])
@pytest.mark.parametrize("window", [1, 7, 100, 128, 299])
@pytest.mark.parametrize(("n", "m"), [(300, 300), (129, 340), (5, 300)])
def test_attention_with_a_window_sees_the_last_keys(
    n: int, m: int, window: int, kept_keys: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A query sees its own key and those before it, `window` in all, over the bounds of blocks."""
    from bakeoff.tuning import kernels
    from bakeoff.tuning.kernels import Attention

    monkeypatch.setattr(kernels, "KEPT_KEYS", kept_keys)
    ones = torch.ones(n, m, dtype=torch.bool)
    seen = ones.tril(m - n) & ones.triu(m - n - window + 1)
    _same(
        lambda q, k, v: Attention.apply(q, k, v, 0.3, window),
        lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, attn_mask=seen, scale=0.3, enable_gqa=True),
        [torch.randn(1, 4, n, 4), torch.randn(1, 2, m, 4), torch.randn(1, 2, m, 4)],
    )


def test_the_norm_is_the_root_mean_square_norm() -> None:
    """Values and gradients of the input."""
    from bakeoff.tuning.kernels import RmsNorm

    weight = torch.randn(8).double()
    _same(
        lambda x: RmsNorm.apply(x, weight, 1e-5),
        lambda x: functional.rms_norm(x, (8,), weight, 1e-5),
        [torch.randn(3, 4, 8)],
    )


def test_the_gate_is_silu_times_up() -> None:
    """Values and gradients of both inputs."""
    from bakeoff.tuning.kernels import SiluGate

    _same(SiluGate.apply, lambda gate, up: functional.silu(gate) * up, [torch.randn(3, 8), torch.randn(3, 8)])


@pytest.mark.parametrize("special", [{"is_causal": False}, {"softcap": 30.0}, {"s_aux": torch.zeros(1)}])
def test_attention_of_another_kind_is_refused(special: dict) -> None:
    """A model with another kind of attention would be trained incorrectly."""
    from bakeoff.tuning.kernels import packed_attention
    from bakeoff.tuning.packing import Encoded, pack

    layout = pack([Encoded((1, 2, 3, 4), 2)]).layout
    t = torch.zeros(1, 1, 4, 2)
    with pytest.raises(ModelUnavailableError, match="plain causal attention"):
        packed_attention(None, t, t, t, None, layout=layout, scaling=1.0, **special)
