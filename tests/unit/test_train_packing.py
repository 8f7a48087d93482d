"""Examples to batches: rendered as for generation, cut by a budget, packed without changing what is computed."""

import pytest

from bakeoff.errors import InputError
from bakeoff.models.chat import Chat
from bakeoff.tuning.packing import Encoded, encode, n_common, pack, plan
from tests.unit.tiny_model import arithmetic, example, write_tiny_model

pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Chat:
    return Chat(write_tiny_model(tmp_path_factory.mktemp("tiny")))


def test_an_example_is_the_generation_prompt_then_the_completion_then_the_end_of_the_turn(chat: Chat) -> None:
    """Training uses the same prompt as generation, and the completion as its answer."""
    (one,) = encode(chat, [example("What?", "This")])
    assert chat.tokenizer.decode(one.tokens[: one.n_prompt]) == (
        "<|im_start|>system\nAnswer.<|im_end|>\n<|im_start|>user\nWhat?<|im_end|>\n<|im_start|>assistant\n"
    )
    assert chat.tokenizer.decode(one.tokens[one.n_prompt :]) == "This<|im_end|>"


def test_an_empty_completion_is_refused(chat: Chat) -> None:
    """An example that teaches nothing is named by its number."""
    with pytest.raises(InputError, match="example 2 has an empty completion"):
        encode(chat, [example("a", "b"), example("c", " ")])


def test_an_example_longer_than_the_context_is_refused(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has both numbers."""
    monkeypatch.setattr(chat, "context_tokens", 20)
    with pytest.raises(InputError, match=r"example 1 has \d+ tokens; the model takes 20"):
        encode(chat, [example("a", "b")])


def test_a_plan_holds_every_example_once_within_the_budget(chat: Chat) -> None:
    """Tokens, with the shared beginning counted once, and examples are both bounded."""
    encoded = encode(chat, arithmetic(60))
    shared = n_common(encoded)
    batches = plan(encoded, tokens_per_batch=shared + 300, tokens_per_row=1024, examples_per_batch=12, key="a")
    assert sorted(i for batch in batches for row in batch for i in row) == list(range(60))
    assert max(sum(map(len, batch)) for batch in batches) <= 12
    assert all(_n_tokens(batch, encoded) <= shared + 300 for batch in batches)


def test_examples_about_the_same_passages_share_a_row_that_holds_the_passages_once(chat: Chat) -> None:
    """Each of two sets of passages becomes one row; what shares nothing is packed as before."""
    sets = [" ".join(f"{name}{i}" for i in range(40)) for name in ("left", "right")]
    about = [example(f"{passages} What is {i}?", "This") for i in range(5) for passages in sets]
    encoded = encode(chat, [*about, *arithmetic(8)])
    rows = [sorted(row) for batch in plan(encoded, 2000, 1024, 64, "a") for row in batch]
    assert sorted(row for row in rows if row[0] < 10) == [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]
    assert sorted(i for row in rows for i in row) == list(range(18))
    (left,) = (row for row in rows if row[0] == 0)
    packed = pack([encoded[i] for i in left])
    alone = sum(len(encoded[i].tokens) for i in left)
    assert packed.tokens.shape[1] == alone - 4 * packed.layout.n_shared
    assert packed.layout.n_shared > 64


def words_of(name: str, n: int = 40) -> str:
    return " ".join(f"{name}{i}" for i in range(n))


def test_sets_that_begin_with_the_same_passage_keep_what_else_they_share(chat: Chat) -> None:
    """A frequent first passage does not make one family of all sets that begin with it."""
    first, seconds = words_of("first"), ("left", "right", "third")
    about = [example(f"{first} {words_of(name)} What is {i}?", "This") for i in range(5) for name in seconds]
    rows = [sorted(row) for batch in plan(encode(chat, about), 4000, 4000, 64, "a") for row in batch]
    assert sorted(rows) == [[0, 3, 6, 9, 12], [1, 4, 7, 10, 13], [2, 5, 8, 11, 14]]


def test_passages_longer_than_a_row_are_still_shared(chat: Chat) -> None:
    """Two examples at least are in a row, whose passages are then computed half as often."""
    encoded = encode(chat, [example(f"{words_of('long', 100)} What is {i}?", "This") for i in range(6)])
    rows = [row for batch in plan(encoded, 500, 200, 64, "a") for row in batch]
    assert n_common(encoded) > 200 and [len(row) for row in rows] == [2, 2, 2]


def _n_tokens(batch: list[list[int]], encoded: list[Encoded]) -> int:
    """Tokens of a batch, with what a row shares counted once."""
    return sum(pack([encoded[i] for i in row]).tokens.shape[1] for row in batch)


def test_plans_repeat_for_a_key_and_differ_between_keys(chat: Chat) -> None:
    """So that a resumed training uses the same batches as an uninterrupted one."""
    encoded = encode(chat, arithmetic(40))
    assert plan(encoded, 500, 1024, 8, "0 1") == plan(encoded, 500, 1024, 8, "0 1")
    assert plan(encoded, 500, 1024, 8, "0 1") != plan(encoded, 500, 1024, 8, "0 2")


def test_an_example_longer_than_a_batch_has_one_of_its_own(chat: Chat) -> None:
    """The others are batched as if it did not exist."""
    encoded = encode(chat, [*arithmetic(20), example("long " * 100, "yes")])
    shared = n_common(encoded)
    batches = plan(encoded, tokens_per_batch=shared + 300, tokens_per_row=1024, examples_per_batch=12, key="a")
    assert sorted(i for batch in batches for row in batch for i in row) == list(range(21))
    assert [[20]] in batches
    assert all(_n_tokens(batch, encoded) <= shared + 300 for batch in batches if batch != [[20]])


def test_what_is_shared_never_reaches_into_a_completion() -> None:
    """Equal prompts keep their last token, because it predicts the first token of the completion."""
    twins = [Encoded((1, 2, 3, 4, 5), 3), Encoded((1, 2, 3, 4, 6), 3)]
    assert n_common(twins) == 2
    assert n_common(twins[:1]) == 0


def test_a_packed_row_holds_each_token_once() -> None:
    """The shared beginning, then the rest of each example, at the positions they would have alone."""
    batch = pack([Encoded((7, 8, 1, 2, 9), 3), Encoded((7, 8, 5, 9), 3)])
    assert batch.tokens.tolist() == [[7, 8, 1, 2, 9, 5, 9]]
    assert batch.positions.tolist() == [[0, 1, 2, 3, 4, 2, 3]]
    assert batch.layout.n_shared == 2
    assert batch.layout.rows.tolist() == [[2, 3, 4], [5, 6, 5]]
    assert batch.layout.kept.tolist() == [0, 1, 2, 3, 4]
    assert (batch.predicting.tolist(), batch.wanted.tolist(), batch.n_wanted) == ([2, 3, 5], [2, 9, 9], (2, 1))
    assert batch.n_tokens == 9
