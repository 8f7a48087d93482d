"""Answers as mixtures over passages: RAG-Token and RAG-Sequence, as sums of probabilities.

Takes a model's prompts, one for each passage (`protocols.TokenSteps`), and the log-probabilities of the passages; gives
the tokens of an answer, its probability, and the passages' share in it. Knows no texts, retrievers or engines.

Source: Lewis et al. 2020, Retrieval-Augmented Generation for Knowledge-Intensive NLP Tasks, arXiv:2005.11401, sections
2.1 and 2.5. Tokens are chosen greedily where the paper uses a beam.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from bakeoff.protocols import TokenSteps
from bakeoff.records import Usage


def log_sum(terms: np.ndarray) -> np.ndarray:
    """The logarithm of the sum of exp(terms) over the first axis. -inf where all terms are."""
    most = terms.max(axis=0)
    shift = np.where(np.isfinite(most), most, 0.0)
    with np.errstate(divide="ignore"):  # log(0) is -inf, which is meant
        return np.asarray(shift + np.log(np.exp(terms - shift).sum(axis=0)))


@dataclass
class Mixed:
    """An answer, token by token. `log_prob` is that of the whole answer, summed over the passages.

    `by_passage` is the logarithm of p(passage) * p(answer | passage) for each of them. `usage` counts the tokens of all
    prompts, and every token as often as it was written or scored after one of them.
    """

    by_passage: np.ndarray
    usage: Usage
    ids: list[int] = field(default_factory=list)
    log_prob: float = 0.0

    @property
    def per_token(self) -> float:
        """The mean log-probability of its tokens, as `Completion.logprob`."""
        return self.log_prob / len(self.ids)

    @property
    def order(self) -> list[int]:
        """The passages, the one with the highest posterior p(passage | answer) first."""
        return [int(i) for i in np.argsort(-self.by_passage, kind="stable")]


class TokenMixture:
    """RAG-Token: every token is the most probable one of the mixture of all prompts' next tokens.

    p(y) = product over tokens of (sum over passages of p(z) * p(token | z, tokens before)). Iterating writes the
    answer and gives each new token; `mixed` is what was written so far.
    """

    def __init__(self, steps: TokenSteps, log_weights: np.ndarray) -> None:
        self._steps, self._log_weights = steps, log_weights
        self.mixed = Mixed(log_weights.copy(), Usage(prompt_tokens=sum(steps.prompt_tokens)))

    def __iter__(self) -> Iterator[list[int]]:
        mixed, n_passages = self.mixed, len(self._log_weights)
        while True:
            each = self._steps.next_log_probs()
            summed = log_sum(each + self._log_weights[:, None])
            token = int(summed.argmax())
            mixed.ids.append(token)
            mixed.log_prob += float(summed[token])
            mixed.by_passage += each[:, token]
            mixed.usage += Usage(completion_tokens=n_passages)
            yield [token]
            if self._steps.is_ended(mixed.ids):
                return
            self._steps.advance([token] * n_passages)


def best_sequence(steps: TokenSteps, log_weights: np.ndarray, is_thorough: bool = True) -> Mixed:
    """RAG-Sequence: of the answers written for each passage alone, the one with the highest summed probability.

    p(y) = sum over passages of p(z) * p(y | z). With thorough decoding, each distinct answer is scored after every
    prompt. Without it, an answer counts as impossible for a passage that did not write it. Of equally probable
    answers, the one of the more probable passage is taken.
    """
    written, own = _written_alone(steps)
    usage = Usage(prompt_tokens=sum(steps.prompt_tokens), completion_tokens=sum(map(len, written)))
    likeliest_first = [written[i] for i in np.argsort(-log_weights, kind="stable")]
    candidates = list(dict.fromkeys(likeliest_first))
    is_scored = is_thorough and len(written) > 1
    if is_scored:
        usage += Usage(prompt_tokens=len(written) * sum(map(len, candidates)))
    scored = [
        log_weights + (steps.log_probs_of(ids) if is_scored else _only_own(ids, written, own)) for ids in candidates
    ]
    totals = [float(log_sum(by_passage)) for by_passage in scored]
    best = int(np.argmax(totals))
    return Mixed(scored[best], usage, list(candidates[best]), totals[best])


def _written_alone(steps: TokenSteps) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """The greedy answer to each prompt, written side by side, and its log-probability after its own prompt."""
    n = len(steps.prompt_tokens)
    written: list[list[int]] = [[] for _ in range(n)]
    own = np.zeros(n)
    waiting = list(range(n))
    while True:
        each = steps.next_log_probs()
        tokens = [int(token) for token in each.argmax(axis=1)]
        for i in waiting:
            written[i].append(tokens[i])
            own[i] += each[i, tokens[i]]
        waiting = [i for i in waiting if not steps.is_ended(written[i])]
        if not waiting:
            return [tuple(ids) for ids in written], own
        steps.advance(tokens)


def _only_own(ids: Sequence[int], written: Sequence[Sequence[int]], own: np.ndarray) -> np.ndarray:
    """The log-probabilities of an answer after the prompts that it was written for, -inf after the others."""
    return np.where([other == ids for other in written], own, -np.inf)
