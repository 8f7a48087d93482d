"""RAG-Token and RAG-Sequence as sums, on a model whose probabilities are written out."""

import math

import numpy as np
import pytest

from bakeoff.contenders.mixture import TokenMixture, best_sequence, log_sum
from bakeoff.records import GenerationSettings
from tests.unit.stepping import END, LIKELY, WordSteps

WORDS = ["red", "blue", "green", END]
OTHER = (1 - LIKELY) / 3  # of each of the other three words, as long as a passage's own reply goes on
EVEN = 1 / 4  # of each word, once something else was said


def steps(*replies: str, limit: int = 8) -> WordSteps:
    return WordSteps(replies, WORDS, [10] * len(replies), GenerationSettings(max_new_tokens=limit))


def token_mixture(table: WordSteps, weights: list[float]) -> TokenMixture:
    mixture = TokenMixture(table, np.log(weights))
    assert [token for (token,) in mixture] == mixture.mixed.ids
    return mixture


def said(ids: list[int]) -> str:
    return " ".join(WORDS[token] for token in ids)


def test_rag_token_multiplies_the_sums_of_each_token():
    """Two passages say red, one blue: p = (.3*.9 + .3*.9 + .4*OTHER) * (.3*.9 + .3*.9 + .4*EVEN)."""
    mixed = token_mixture(steps("red", "blue", "red"), [0.3, 0.4, 0.3]).mixed
    assert said(mixed.ids) == f"red {END}"
    first, second = 0.6 * LIKELY + 0.4 * OTHER, 0.6 * LIKELY + 0.4 * EVEN
    assert mixed.log_prob == pytest.approx(math.log(first) + math.log(second), abs=1e-12)
    assert mixed.per_token == pytest.approx(mixed.log_prob / 2)
    assert np.exp(mixed.by_passage) == pytest.approx([0.3 * LIKELY**2, 0.4 * OTHER * EVEN, 0.3 * LIKELY**2])
    assert mixed.order == [0, 2, 1]
    assert (mixed.usage.prompt_tokens, mixed.usage.completion_tokens) == (30, 6)


def test_rag_sequence_sums_whole_answers():
    """The same passages: p(red) = .3*.81 + .3*.81 + .4*OTHER*EVEN, and that is more than p(blue)."""
    mixed = best_sequence(steps("red", "blue", "red"), np.log([0.3, 0.4, 0.3]))
    assert said(mixed.ids) == f"red {END}"
    assert math.exp(mixed.log_prob) == pytest.approx(0.6 * LIKELY**2 + 0.4 * OTHER * EVEN, abs=1e-12)
    assert mixed.order == [0, 2, 1]
    # Three answers of two tokens were written, and both distinct ones scored after each of three prompts.
    assert (mixed.usage.prompt_tokens, mixed.usage.completion_tokens) == (30 + 3 * 4, 6)


def test_fast_decoding_sums_over_the_passages_that_wrote_the_answer():
    """The third passage, which did not write it, counts as if it could not have."""
    mixed = best_sequence(steps("red", "blue", "red"), np.log([0.3, 0.4, 0.3]), is_thorough=False)
    assert math.exp(mixed.log_prob) == pytest.approx(0.6 * LIKELY**2, abs=1e-12)
    assert mixed.by_passage[1] == -np.inf and mixed.order == [0, 2, 1]
    assert mixed.usage.prompt_tokens == 30


def test_both_differ_where_passages_agree_on_words_but_not_on_answers():
    """'red blue' .4, 'green blue' .35, 'green red' .25: by tokens green comes first, by answers red blue is best."""
    replies, weights = ("red blue", "green blue", "green red"), [0.4, 0.35, 0.25]
    assert said(token_mixture(steps(*replies), weights).mixed.ids).startswith("green blue")
    sequence = best_sequence(steps(*replies), np.log(weights))
    assert said(sequence.ids) == f"red blue {END}"
    expected = 0.4 * LIKELY**3 + (0.35 + 0.25) * OTHER * EVEN**2
    assert math.exp(sequence.log_prob) == pytest.approx(expected, abs=1e-12)


def test_no_other_answer_is_more_probable_than_the_best_of_those_written():
    """Thorough decoding scores each distinct answer: the best one's sum is the largest, written out for all."""
    replies, weights = ("red", "blue green", "green"), np.array([0.2, 0.45, 0.35])
    mixed = best_sequence(steps(*replies), np.log(weights))
    sums = {reply: float(weights @ np.exp(steps(*replies).log_probs_of(ids(reply)))) for reply in replies}
    assert math.exp(mixed.log_prob) == pytest.approx(max(sums.values()), abs=1e-12)
    assert said(mixed.ids) == f"{max(sums, key=sums.__getitem__)} {END}"


def ids(reply: str) -> list[int]:
    return [WORDS.index(word) for word in [*reply.split(), END]]


def test_of_equally_probable_answers_the_more_probable_passage_wins():
    """The first one in the order of the prompts is not preferred."""
    mixed = best_sequence(steps("red", "blue"), np.log([0.5 - 1e-9, 0.5 + 1e-9]), is_thorough=False)
    assert said(mixed.ids) == f"blue {END}"


def test_one_passage_is_that_passage_alone():
    """No sum, no scoring: greedy decoding, its probability and its tokens."""
    for mixed in (
        token_mixture(steps("red blue"), [1.0]).mixed,
        best_sequence(steps("red blue"), np.zeros(1)),
        best_sequence(steps("red blue"), np.zeros(1), is_thorough=False),
    ):
        assert said(mixed.ids) == f"red blue {END}"
        assert mixed.log_prob == pytest.approx(3 * math.log(LIKELY), abs=1e-12)
        assert (mixed.usage.prompt_tokens, mixed.usage.completion_tokens) == (10, 3)


def test_the_limit_ends_answers():
    """Of a passage that goes on, only what was written counts."""
    assert said(token_mixture(steps("red blue green", limit=2), [1.0]).mixed.ids) == "red blue"
    mixed = best_sequence(steps("red blue green", "red", limit=2), np.log([0.5, 0.5]))
    assert said(mixed.ids) in ("red blue", f"red {END}") and mixed.usage.completion_tokens == 4


def test_sums_of_very_small_probabilities_keep_their_digits():
    """exp(-2000) is 0 in float64, its logarithm is not lost; impossible stays impossible."""
    assert log_sum(np.array([-2000.0, -2000.0])) == pytest.approx(-2000 + math.log(2))
    assert log_sum(np.array([-np.inf, -np.inf])) == -np.inf
