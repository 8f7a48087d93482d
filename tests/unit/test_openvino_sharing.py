"""Prompts that begin alike: read once within a group, with the same texts to the last bit, and again in another one."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bakeoff.models.engines import openvino, openvino_stepper
from bakeoff.models.engines.openvino import OpenVinoGenerator
from bakeoff.models.engines.openvino_marks import BLOCK_TOKENS, ID_BITS, N_MARKS, Marks, can_share_here, is_exact_here
from bakeoff.models.sharing import EVERYBODY, group, read_apart
from bakeoff.records import GenerationSettings
from tests.unit.tiny_model import write_tiny_model

WRITE = GenerationSettings(max_new_tokens=20)
STEP = 64
LONG = [5 + i % 40 for i in range(6 * BLOCK_TOKENS)]
"""Read in three steps of STEP tokens."""
Told = tuple[tuple[int, ...], float]


@pytest.fixture
def generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenVinoGenerator:
    """On a random model. A step reads at most STEP tokens."""
    if not is_exact_here():
        pytest.skip("this processor rounds a few tokens differently from many")
    return opened(tmp_path, monkeypatch)


def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenVinoGenerator:
    """The engine cuts long prompts itself, which are read alone: the steps it takes show what it had to read."""
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(openvino, "PROMPT_TOKENS", 10_000)
    monkeypatch.setattr(openvino_stepper, "PROMPT_TOKENS", STEP // 2)
    monkeypatch.setattr(openvino_stepper, "WHOLE_TOKENS", STEP // 2)
    monkeypatch.setattr(openvino_stepper, "MAX_SEQUENCES", STEP // 2)
    return OpenVinoGenerator(write_tiny_model(tmp_path / "llama"), "tiny")


def written(generator: OpenVinoGenerator, prompts: Sequence[Sequence[int]]) -> list[Told]:
    """The tokens written for each prompt, and the sum of their log-probabilities."""
    requests = [generator._request(ids, WRITE) for ids in prompts]
    generator._stepper.write(requests)
    for request in requests:
        for _ in request.tokens:
            pass
    return [(tuple(request.ids), request.score) for request in requests]


def alone(generator: OpenVinoGenerator, prompts: Sequence[Sequence[int]]) -> list[Told]:
    """The same, each prompt read as if there were no other."""
    told = []
    for ids in prompts:
        with read_apart():
            told += written(generator, [ids])
    return told


def steps_to_read(generator: OpenVinoGenerator, ids: Sequence[int]) -> int:
    """The steps of the engine until the first token of an answer, after which it takes one more to end the request."""

    class Counted:
        def __init__(self, pipeline: Any) -> None:
            self._pipeline, self.n_steps = pipeline, 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self._pipeline, name)

        def step(self) -> None:
            self.n_steps += 1
            self._pipeline.step()

    pipeline = generator._stepper._pipeline
    counted = generator._stepper._pipeline = Counted(pipeline)
    request = generator._request(ids, GenerationSettings(max_new_tokens=1))
    generator._stepper.write([request])
    thread = generator._stepper._thread
    assert thread is not None
    thread.join(60)
    generator._stepper._pipeline = pipeline
    return counted.n_steps - 1


def test_what_prompts_begin_with_is_read_once_in_a_group(generator: OpenVinoGenerator) -> None:
    """A prompt that differs at its end needs one step where the first needed three; in another group, three again."""
    other = [*LONG[:-8], *LONG[:8]]
    with read_apart():
        assert [steps_to_read(generator, ids) for ids in (LONG, LONG, other)] == [3, 1, 1]
    with read_apart():
        assert [steps_to_read(generator, ids) for ids in (other, LONG)] == [3, 1]
    assert [steps_to_read(generator, ids) for ids in (LONG, other)] == [3, 1]


@pytest.mark.parametrize("n_more", range(BLOCK_TOKENS + 1))
def test_a_prompt_asked_again_is_answered_as_before(n_more: int, generator: OpenVinoGenerator) -> None:
    """To the last bit, however many of its tokens are in a block that is not full, alone and beside others."""
    prompts = [LONG[: 3 * BLOCK_TOKENS + n_more], LONG[: 3 * BLOCK_TOKENS + n_more - 1]]
    expected = alone(generator, prompts)
    with read_apart():
        for _ in range(3):
            assert [told for ids in prompts for told in written(generator, [ids])] == expected
            assert written(generator, prompts) == expected


@pytest.mark.parametrize("n_tokens", [65, 66, 95, 96, 97, 99, 127, 128, 129, 192])
def test_a_prompt_in_pieces_is_answered_as_one_read_whole(
    n_tokens: int, generator: OpenVinoGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First, asked again, beside one that begins alike, and after one that ends where it is cut."""
    prompts = [LONG[:n_tokens], [*LONG[: n_tokens - 8], *LONG[:8]], LONG[: n_tokens - n_tokens % BLOCK_TOKENS]]
    expected = alone(generator, prompts)
    monkeypatch.setattr(openvino, "PROMPT_TOKENS", STEP)
    monkeypatch.setattr(openvino_stepper, "PROMPT_TOKENS", STEP)
    in_pieces = OpenVinoGenerator(tmp_path / "llama", "tiny")  # a step has room for a piece and all other answers
    first = alone(in_pieces, prompts)
    for told, whole in zip(first, expected, strict=True):
        assert told[0] == whole[0] and told[1] == pytest.approx(whole[1], abs=1e-3)
    with read_apart():
        for _ in range(2):
            again = [*written(in_pieces, prompts), *written(in_pieces, prompts[::-1])[::-1]]
            for told, whole in zip(again, [*first, *first], strict=True):
                assert told[0] == whole[0] and told[1] == pytest.approx(whole[1], abs=1e-3)


@pytest.mark.parametrize("n_tokens", [*range(1, 70), 95, 96, 97, 98, 128, 129, 500])
def test_pieces_are_short_and_hold_the_prompt(n_tokens: int) -> None:
    """Each reads at most 64 tokens that none before it has in a whole block, and at least two."""
    ids = list(range(100, 100 + n_tokens))
    pieces, n_found = Marks().pieces(ids, EVERYBODY, 64), 0
    for piece in pieces:
        assert [one % 2**ID_BITS for one in piece] == ids[: len(piece)]
        assert min(2, n_tokens) <= len(piece) - n_found <= 64
        n_found = len(piece) // BLOCK_TOKENS * BLOCK_TOKENS
    assert len(pieces[-1]) == n_tokens and (len(pieces) > 1) == (n_tokens > 64)


def test_with_amx_prompts_share_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its matrix instructions round a few tokens differently from many."""
    monkeypatch.setattr("bakeoff.models.engines.openvino.can_share_here", lambda: False)
    generator = opened(tmp_path, monkeypatch)
    with read_apart():
        assert [steps_to_read(generator, LONG) for _ in range(2)] == [3, 3]


@pytest.mark.parametrize(
    ("flags", "shares", "exact"),
    [
        ("flags : fpu avx512f amx_tile amx_int8", False, False),
        ("flags : fpu avx2 avx512f", True, True),
        ("flags : fpu avx2", True, False),
        ("", True, False),
    ],
)
def test_what_a_processor_can_do_is_read_from_its_flags(tmp_path: Path, flags: str, shares: bool, exact: bool) -> None:
    """AMX rounds a few tokens differently from many, and so do processors without AVX-512. No file: not known."""
    if flags:
        (tmp_path / "cpuinfo").write_text(flags)
    assert can_share_here(tmp_path / "cpuinfo") is shares
    assert is_exact_here(tmp_path / "cpuinfo") is exact


def test_nobody_finds_what_was_written_with_an_answer(generator: OpenVinoGenerator) -> None:
    """A prompt that goes on after the answer of an earlier one, as in a conversation, is read like a first one."""
    for n in range(2 * BLOCK_TOKENS, 3 * BLOCK_TOKENS, 5):
        with read_apart():
            ((answer, _),) = written(generator, [LONG[:n]])
        next_turn = [*LONG[:n], *answer, *LONG[:40]]
        expected = alone(generator, [next_turn])
        with read_apart():
            written(generator, [LONG[:n]])
            assert written(generator, [next_turn]) == expected


def test_texts_are_the_same_when_the_cache_is_full(
    generator: OpenVinoGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read gives way to what is read, and is read again."""
    prompts = [[*LONG[: 32 * (1 + i % 4)], *(5 + (i * j) % 40 for j in range(40 + i))] for i in range(12)]
    expected = alone(generator, prompts)
    usual = openvino_stepper.scheduler

    def few_blocks(context_tokens: int, shares: bool = False) -> Any:
        settings = usual(context_tokens, shares)
        settings.num_kv_blocks = 20
        return settings

    monkeypatch.setattr("bakeoff.models.engines.openvino.scheduler", few_blocks)
    full = OpenVinoGenerator(tmp_path / "llama", "tiny")
    full._stepper._n_blocks = 20
    for _ in range(3):
        assert written(full, prompts) == expected
        assert [told for ids in reversed(prompts) for told in written(full, [ids])] == expected[::-1]


def marks(ids: Sequence[int], marked: Sequence[int]) -> Iterator[int]:
    assert [one % 2**ID_BITS for one in marked] == list(ids)
    yield from (one >> ID_BITS for one in marked)


@pytest.mark.parametrize("n", range(1, 12))
def test_marks_leave_the_tokens_and_fit_the_engine(n: int) -> None:
    """They are above the bits that the graph uses, and below those of a 32-bit integer. The last token has none."""
    ids = [2**ID_BITS - 1] * n
    marked = Marks().on(ids, N_MARKS**2 - 1)
    assert all(one < 2**31 for one in marked)
    assert list(marks(ids, marked))[-1] == 0


def test_groups_differ_in_the_first_tokens_and_prompts_before_the_last() -> None:
    """Of the same ids: nothing in common in two groups, all but the last three in one."""
    some, ids = Marks(), [7] * 50
    numbers = (EVERYBODY, N_MARKS - 1, N_MARKS, N_MARKS + 1, 5 * N_MARKS)
    assert len({tuple(some.on(ids, number)[:2]) for number in numbers}) == len(numbers)
    first, *others = (some.on(ids, N_MARKS) for _ in range(3 * N_MARKS))
    assert all(other[:-3] == first[:-3] for other in others)
    assert len({tuple(other[-3:-1]) for other in (first, *others)}) == 3 * N_MARKS


def test_a_block_is_within_a_group() -> None:
    """Each block has a group of its own, also inside another; elsewhere all are in one."""
    seen = [group()]
    with read_apart():
        seen.append(group())
        with read_apart():
            seen.append(group())
        assert group() == seen[1]
    with read_apart():
        seen.append(group())
    assert group() == seen[0] == EVERYBODY
    assert all(a != b for a, b in itertools.combinations(seen, 2))
