"""The few operations that make training fast on a CPU: attention of packed rows, LoRA products, norm, gate, embedding.

Takes and gives tensors. Knows nothing about examples or optimizers. Importing it imports torch. Each function computes
the same as its plain counterpart (tests compare the two). It differs in what is kept for the backward pass and in how
often it reads memory.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional

from bakeoff.errors import ModelUnavailableError
from bakeoff.tuning.packing import Layout

BLOCK = 128  # queries attended at once. Keys after a block are never read, which halves the work
KEPT_KEYS = 2048  # longer rows recompute their (quadratic) weights for the backward pass


class LoraLinear(torch.autograd.Function):
    """x W'^T + bias, where W' = W + scale B A was merged before the step, so the forward pass is one product.

    Gradients go to x, A (rank, in) and B (out, rank): dB = scale dy^T (x A^T), dA = scale (dy B)^T x.
    Source: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", with the chain rule.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        a: torch.Tensor,
        b: torch.Tensor,
        merged: torch.Tensor,
        bias: torch.Tensor | None,
        scale: float,
    ) -> torch.Tensor:
        ctx.save_for_backward(x, a, b, merged)
        ctx.scale = scale
        return functional.linear(x, merged, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, a, b, merged = ctx.saved_tensors
        dx = dy @ merged if ctx.needs_input_grad[0] else None
        rows, drows = x.flatten(0, -2), dy.flatten(0, -2)
        db = da = None
        if ctx.needs_input_grad[2]:
            db = (drows.t() @ (rows @ a.to(x.dtype).t())).to(b.dtype) * ctx.scale
        if ctx.needs_input_grad[1]:
            da = ((drows @ b.to(x.dtype)).t() @ rows).to(a.dtype) * ctx.scale
        return dx, da, db, None, None, None


class Attention(torch.autograd.Function):
    """Causal attention of the last n of m keys: queries (batch, heads, n, d), keys and values (batch, groups, m, d).

    Softmax of the scaled products, one block of queries at a time. The heads of a group share its keys in one product.
    A query sees the last `window` keys up to its own, or all of them if the window is 0.
    """

    @staticmethod
    def forward(
        ctx: Any, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float, window: int = 0
    ) -> torch.Tensor:
        n_batch, n_heads, n, d = q.shape
        groups, m = n_batch * k.shape[1], k.shape[2]
        q, k, v = q.reshape(groups, -1, n, d), k.reshape(groups, m, d), v.reshape(groups, m, d)
        out, weights = torch.empty_like(q), []
        for start in range(0, n, BLOCK):
            end = min(n, start + BLOCK)
            seen = _seen(m - n, start, end, window)
            weight = _weights(q, k[:, seen], start, end, scale, window)
            out[:, :, start:end] = torch.bmm(weight, v[:, seen]).view(groups, -1, end - start, d)
            if m <= KEPT_KEYS:
                weights.append(weight)
        ctx.save_for_backward(q, k, v, *weights)
        ctx.shape, ctx.scale, ctx.window = (n_batch, n_heads, n, d), scale, window
        return out.view(n_batch, n_heads, n, d)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        q, k, v, *weights = ctx.saved_tensors
        n, m = q.shape[2], k.shape[1]
        dout = dout.reshape(q.shape)
        dq, dk, dv = torch.empty_like(q), torch.zeros_like(k), torch.zeros_like(v)
        for i, start in enumerate(range(0, n, BLOCK)):
            end = min(n, start + BLOCK)
            seen = _seen(m - n, start, end, ctx.window)
            weight = weights[i] if weights else _weights(q, k[:, seen], start, end, ctx.scale, ctx.window)
            d_block = _rows(dout, start, end)
            dv[:, seen] += torch.bmm(weight.transpose(1, 2), d_block)
            d_weight = torch.bmm(d_block, v[:, seen].transpose(1, 2))
            d_scores = torch._softmax_backward_data(d_weight, weight, -1, weight.dtype).mul_(ctx.scale)
            dq[:, :, start:end] = torch.bmm(d_scores, k[:, seen]).view(dq[:, :, start:end].shape)
            dk[:, seen] += torch.bmm(d_scores.transpose(1, 2), _rows(q, start, end))
        shape = (ctx.shape[0], -1, m, ctx.shape[3])
        return dq.view(ctx.shape), dk.view(shape), dv.view(shape), None, None


def _seen(n_before: int, start: int, end: int, window: int) -> slice:
    """The keys that some query of the block sees, if there are n_before keys before the first query."""
    return slice(max(0, n_before + start - window + 1) if window else 0, n_before + end)


def _weights(q: torch.Tensor, k: torch.Tensor, start: int, end: int, scale: float, window: int) -> torch.Tensor:
    """The weight each of these queries gives to each of these keys: (groups, heads * (end - start), keys)."""
    n_keys, n_queries = k.shape[1], end - start
    scores = torch.bmm(_rows(q, start, end) * scale, k.transpose(1, 2)).view(-1, n_queries, n_keys)
    scores[:, :, n_keys - n_queries :] += _above_diagonal(n_queries, scores)
    if window:
        scores += torch.full_like(scores[0], float("-inf")).tril_(n_keys - n_queries - window)
    return torch.softmax(scores, -1).view(len(q), -1, n_keys)


def _rows(t: torch.Tensor, start: int, end: int) -> torch.Tensor:
    """(groups, heads, n, d) to (groups, heads * (end - start), d)."""
    return t[:, :, start:end].flatten(1, 2)


def _above_diagonal(n: int, like: torch.Tensor) -> torch.Tensor:
    return torch.full((n, n), float("-inf"), dtype=like.dtype, device=like.device).triu_(1)


def packed_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: None,
    layout: Layout,
    scaling: float,
    **more: Any,
) -> tuple[torch.Tensor, None]:
    """The attention of a transformers model over one packed row: (1, heads, n, d) to (1, n, heads, d).

    Raises ModelUnavailableError if the model uses anything but causal softmax attention over the previous tokens, or
    over a window of them.
    """
    causal = more.get("is_causal") is not False and getattr(module, "is_causal", True)
    if more.get("softcap") is not None or more.get("s_aux") is not None or not causal:
        raise ModelUnavailableError(
            f"{type(module).__name__} uses attention with caps or sinks, or sees later tokens, which is not supported.",
            "tune a model with plain causal attention, such as Llama, Qwen, Gemma 3, Phi-3 or Mistral",
        )
    window, shared = more.get("sliding_window") or 0, layout.n_shared
    q, k, v = (_by_example(t, layout.rows) for t in (query, key, value))
    if shared:
        k, v = (torch.cat((t[:, :, :shared].expand(len(q), -1, -1, -1), rest), 2) for t, rest in ((key, k), (value, v)))
    out = _attended(q, k, v, scaling, window).transpose(1, 2).flatten(0, 1).index_select(0, layout.kept)
    if shared:
        first = _attended(query[:, :, :shared], key[:, :, :shared], value[:, :, :shared], scaling, window)
        out = torch.cat((first[0].transpose(0, 1), out))
    return out[None], None


def _attended(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, scale: float, window: int) -> torch.Tensor:
    """Attention with a window, where there are more keys than it holds."""
    attended: torch.Tensor = Attention.apply(q, k, v, scale, window if window < k.shape[2] else 0)
    return attended


def _by_example(t: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """(1, heads, n, d) to (examples, heads, longest, d)."""
    return t[0].index_select(1, rows.flatten()).unflatten(1, rows.shape).transpose(0, 1)


class RmsNorm(torch.autograd.Function):
    """x / sqrt(mean(x^2) + epsilon) * weight; the weight may be frozen. Source: Zhang and Sennrich 2019."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
        precise = torch.promote_types(x.dtype, torch.float32)
        norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=precise)
        inverse = torch.rsqrt(norm.square_().div_(x.shape[-1]).add_(epsilon))
        ctx.save_for_backward(x, weight, inverse)
        return (x * inverse).to(x.dtype).mul_(weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, inverse = ctx.saved_tensors
        d_weight = None
        if ctx.needs_input_grad[1]:
            d_weight = (dy * (x * inverse)).flatten(0, -2).sum(0, dtype=inverse.dtype).to(weight.dtype)
        d_scaled = dy * weight
        along = (d_scaled * x).sum(-1, keepdim=True, dtype=inverse.dtype)
        pull = along * inverse**3 / x.shape[-1]
        return (d_scaled * inverse).sub_(x * pull).to(dy.dtype), d_weight, None


class SiluGate(torch.autograd.Function):
    """silu(gate) * up, storing only the two inputs. Source: Shazeer 2020, "GLU Variants Improve Transformer"."""

    @staticmethod
    def forward(ctx: Any, gate: torch.Tensor, up: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(gate, up)
        return functional.silu(gate).mul_(up)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[torch.Tensor, ...]:
        gate, up = ctx.saved_tensors
        return torch.ops.aten.silu_backward(dy * up, gate), functional.silu(gate).mul_(dy)


class Lookup(torch.autograd.Function):
    """The embeddings of tokens. The backward pass gives each token's gradient to a function, and none to the weight.

    So it is neither summed in the weight's own type nor written to a tensor as large as the vocabulary.
    """

    @staticmethod
    def forward(
        ctx: Any, ids: torch.Tensor, weight: torch.Tensor, add: Callable[[torch.Tensor, torch.Tensor], None]
    ) -> torch.Tensor:
        ctx.save_for_backward(ids)
        ctx.add = add
        return functional.embedding(ids, weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: torch.Tensor) -> tuple[None, ...]:
        ctx.add(ctx.saved_tensors[0].flatten(), dy.flatten(0, -2))
        return None, None, None
