"""The resumable evaluation loop. Every answer is on the disk before the next batch is asked.

Takes a contender and questions, writes answers as JSON lines. Does not know how an answer is made or scored.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bakeoff.errors import BakeoffError, EngineGoneError, StoreGoneError, error_line
from bakeoff.files import jsonl
from bakeoff.models.providers.outcomes import Outcomes, one_batch
from bakeoff.models.providers.pace import held_back
from bakeoff.models.sharing import read_apart
from bakeoff.models.short_memory import CLOSE, cut, first_pieces, free, is_short, more_pieces
from bakeoff.models.spending.ledger import own_seconds
from bakeoff.protocols import Contender
from bakeoff.records import Answer, Question
from bakeoff.sentences import counted

# Errors that a contender's engine may raise for a question it cannot answer. A full disk is not one of them: it
# occurs here, outside the contender, and stops the run.
ANSWERING_ERRORS = (BakeoffError, RuntimeError, ValueError, KeyError, ConnectionError, TimeoutError)

TOO_MUCH = f"lower measuring.batch_size, or use a smaller model; {CLOSE}; everything answered is kept: use --resume"
Progress = Callable[[int, int], None]


def collect(
    contender: Contender, questions: Sequence[Question], path: Path, batch_size: int, progress: Progress
) -> None:
    """Asks the questions that the file does not answer yet, batch by batch. Calls progress(done, total).

    The prompts of one call share beginnings with each other and with no prompt asked before, so that the time they take
    does not depend on the order in which contenders are asked.
    """
    waiting = unanswered(questions, path)
    with read_apart():
        for start in range(0, len(waiting), batch_size):
            progress(len(questions) - len(waiting) + start, len(questions))
            jsonl.append(path, ask(contender, waiting[start : start + batch_size]))
    progress(len(questions), len(questions))


def collect_latency(contender: Contender, questions: Sequence[Question], path: Path, progress: Progress) -> None:
    """Asks the questions one at a time and records each one's wall time.

    What is no part of it: counting what it costs, and waiting because a server gets too many requests.
    The first one is warm-up and is not recorded. As on a server that has answered a question, an engine may keep what
    all prompts begin with. It keeps nothing that it read before this call (`models/sharing.py`).

    Use questions that this contender has not been asked before, so that no cache of a model's server answers them.
    """
    waiting = unanswered(questions[1:], path)
    with read_apart():
        if waiting:
            ask(contender, questions[:1])
        for i, question in enumerate(waiting):
            progress(len(questions) - 1 - len(waiting) + i, len(questions) - 1)
            jsonl.append(path, [_timed(contender, question)])
    progress(len(questions) - 1, len(questions) - 1)


def _timed(contender: Contender, question: Question) -> Answer:
    begun, counting_s, held_back_s = time.perf_counter(), own_seconds(), held_back()
    answer = ask(contender, [question])[0]
    elapsed_ms = 1000 * (time.perf_counter() - begun - counting_s() - held_back_s())
    return answer.model_copy(update={"latency_ms": elapsed_ms})


def unanswered(questions: Sequence[Question], path: Path) -> list[Question]:
    """The questions without an answer. A failed one is asked again, and its later answer counts."""
    done = {answer.question_id for answer in jsonl.read(path, Answer) if answer.error is None}
    return [question for question in questions if question.id not in done]


def ask(contender: Contender, questions: Sequence[Question], pieces: int | None = None) -> list[Answer]:
    """The contender's answers.

    If a batch fails, each question is asked alone, so that only the failing ones have errors; with too little memory,
    the batch is asked in smaller pieces. No request to a server is sent again for that: what it came to, a reply or an
    error after its retries, is its outcome. Raises StoreGoneError, EngineGoneError and MemoryShortError.
    """
    with one_batch() as outcomes:
        return _in_pieces(contender, questions, pieces or first_pieces(), outcomes)


def _in_pieces(contender: Contender, questions: Sequence[Question], pieces: int, outcomes: Outcomes) -> list[Answer]:
    before = outcomes.mark()
    try:
        batches = [questions[piece.start : piece.stop] for piece in cut(len(questions), pieces)]
        return [answer for batch in batches for answer in _asked(contender, batch, outcomes)]
    except (MemoryError, RuntimeError) as error:
        if not is_short(error):
            raise
        what = f"{contender.name}, asked {counted(len(questions), 'question')} at once,"
        pieces = more_pieces(pieces, len(questions), what, error, TOO_MUCH)
        free(error)
    outcomes.again(before)
    return _in_pieces(contender, questions, pieces, outcomes)


def _asked(contender: Contender, questions: Sequence[Question], outcomes: Outcomes) -> list[Answer]:
    """The same as one batch. Raises the error if there is too little memory."""
    before = outcomes.mark()
    try:
        return contender.answer(questions)
    except (
        StoreGoneError,
        EngineGoneError,
    ):  # every other question would fail, too; the run goes on when it is resumed
        raise
    except ANSWERING_ERRORS as error:
        if isinstance(error, RuntimeError) and is_short(error):
            raise
        if len(questions) == 1:
            return [Answer(question_id=questions[0].id, contender=contender.name, error=error_line(error)[:500])]
    outcomes.again(before)
    return [answer for question in questions for answer in _asked(contender, [question], outcomes)]
