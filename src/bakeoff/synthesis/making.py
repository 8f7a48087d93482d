"""Makes synthetic questions unit by unit, so that a stopped run goes on where it stopped.

Takes documents, questions to reword and models, gives one `Done` for each unit: a passage, or a question. A unit is
written down when all its questions were checked; a unit for which a model failed is not, and is asked again. Does not
know files other than the log of what is done.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import Field

from bakeoff.errors import InputError, ModelUnavailableError
from bakeoff.protocols import Generator
from bakeoff.questions.naming import text_sum
from bakeoff.records import Chunk, Completion, Document, GenerationSettings, Prompt, Question, Record
from bakeoff.synthesis.checks import FAILED, Candidate, Checks, K
from bakeoff.synthesis.copies import AMBIGUOUS, Copies, ambiguous
from bakeoff.synthesis.drafts import Done, Draft, Kept, plain
from bakeoff.synthesis.extractive import extracted, why_none
from bakeoff.synthesis.extractive.places import own_title
from bakeoff.synthesis.unanswerable import Swaps
from bakeoff.synthesis.wordings import lost, reworded
from bakeoff.synthesis.writing import (
    BROKEN,
    drafts_of,
    questions_prompt,
    texts_of,
    unanswerable_prompt,
    wordings_prompt,
)

BATCH = 16  # units whose questions are asked together
SPARE = 2  # so many times what is wanted is tried, since checks drop some
LEAST_WORDS = 3  # of a passage that can be asked about
LOST = "the wording does not keep {}"
NO_PASSAGE = "no passage of the documents holds the answer"
WRITES = GenerationSettings(max_new_tokens=900)


class Settings(Record):
    """How much is made: questions for each passage, wordings for each question, questions without an answer for each
    passage. `k` passages are retrieved for a question. `seed` decides the order of passages and what is drawn.
    """

    per_passage: int = Field(default=3, ge=0, le=20)
    wordings: int = Field(default=3, ge=0, le=20)
    unanswerable: int = Field(default=1, ge=0, le=10)
    k: int = Field(default=K, ge=1, le=50)
    seed: int = 7


@dataclass(frozen=True)
class Material:
    """What questions are made from. `titles` are those of the documents by source, empty where the title is only the
    heading of one section. `evidence` are the passages with the
    answer of each question to reword, by its id.
    """

    documents: Sequence[Document]
    passages: Sequence[Chunk]
    existing: Sequence[Question] = ()
    to_reword: Sequence[Question] = ()
    evidence: Mapping[str, tuple[Chunk, ...]] = field(default_factory=dict)

    @property
    def titles(self) -> dict[str, str]:
        return {document.source: own_title(document) for document in self.documents}


class Budget(Record):
    """The most requests that are sent to the model that writes and to the one that reads."""

    writer: int
    reader: int


class ByRules(Record):
    """What the rules can ask before any check: `n_drafts` questions of `n_with` of `n_passages` passages.

    `why_none` counts the other passages by reason.
    """

    n_passages: int
    n_with: int
    n_drafts: int
    why_none: Mapping[str, int]


@dataclass
class Counts:
    """What was sent so far, and the units for which a model failed."""

    writer: int = 0
    failed: list[str] = field(default_factory=list)


class Making:
    """One making of questions. Without a `writer`, questions and wordings are made by rules alone; with one, rules make
    what is missing after the writer's were checked for copies.

    `done` are the units that earlier calls finished. `writer_name` stands in the marks of what it writes.
    """

    def __init__(
        self,
        material: Material,
        settings: Settings,
        checks: Checks,
        writer: Generator | None = None,
        done: Sequence[Done] = (),
    ) -> None:
        self.counts = Counts()
        self._material, self._settings, self._checks, self._writer = material, settings, checks, writer
        self._done = list(done)
        made = [kept.draft for unit in done for kept in unit.kept]
        self._copies = Copies(material.existing, material.documents, made)
        self._swaps = Swaps(material.passages)
        self._passages = {f"passage:{passage.id}": passage for passage in material.passages}
        self._questions = {f"question:{question.id}": question for question in material.to_reword}
        self._titles = material.titles
        self._drafts = {unit: extracted(of, self._titles.get(of.source, "")) for unit, of in self._passages.items()}
        self._unclear = ambiguous(draft for drafts in self._drafts.values() for draft in drafts)

    @property
    def units(self) -> list[str]:
        """All units in the order in which they are worked on: questions first, then passages, each in random order."""
        draw = random.Random(self._settings.seed)
        questions = sorted(self._questions) if self._settings.wordings else []
        passages = sorted(self._passages) if self._settings.per_passage or self._settings.unanswerable else []
        return [*draw.sample(questions, len(questions)), *draw.sample(passages, len(passages))]

    @property
    def left(self) -> list[str]:
        """The units that are not done."""
        done = {unit.unit for unit in self._done}
        return [unit for unit in self.units if unit not in done]

    @property
    def n_kept(self) -> int:
        return sum(len(unit.kept) for unit in self._done)

    def by_rules(self) -> ByRules:
        """What the rules can ask of all passages, and why they can ask nothing of the others."""
        none = [passage for unit, passage in self._passages.items() if not self._drafts[unit]]
        return ByRules(
            n_passages=len(self._passages),
            n_with=len(self._passages) - len(none),
            n_drafts=sum(map(len, self._drafts.values())),
            why_none=Counter(why_none(passage, self._titles.get(passage.source, "")) for passage in none),
        )

    def budget(self) -> Budget:
        """The most requests that the units that are left can need: what the rules make of them is known before."""
        settings, left = self._settings, self.left
        candidates = [of for unit in left for of in self._by_rule(unit, defaultdict(Counter))]
        n_questions = sum(unit in self._questions for unit in left)
        n_passages = len(left) - n_questions
        calls = int(settings.per_passage > 0) + int(settings.unanswerable > 0)
        written = n_passages * (2 * settings.per_passage + settings.k * settings.unanswerable)
        return Budget(
            writer=(n_questions + n_passages * calls) if self._writer else 0,
            reader=sum(map(self._reads, candidates))
            + (n_questions * settings.wordings + written if self._writer else 0),
        )

    def _reads(self, candidate: Candidate) -> int:
        """How often the reader is asked at most: with the passage, and about a new question without it, too."""
        if candidate.draft.paraphrase_of:
            return 1
        return 2 if candidate.draft.answers else self._settings.k

    def run(self, limit: int | None = None, progress: Callable[[int, int], None] | None = None) -> Iterator[Done]:
        """Every unit that is left, as it is finished, until `limit` questions are kept (with those of earlier calls).

        Raises ModelUnavailableError if the model that writes fails for every unit of a batch.
        """
        units = self.left
        for start in range(0, len(units), BATCH):
            if limit is not None and self.n_kept >= limit:
                return
            for finished in self._batch(units[start : start + BATCH]):
                self._done.append(finished)
                yield finished
            if progress:
                progress(min(start + BATCH, len(units)), len(units))

    def _batch(self, units: Sequence[str]) -> list[Done]:
        dropped: dict[str, Counter[str]] = {unit: Counter() for unit in units}
        replies, failed = self._written(units)
        pairs = [
            (unit, candidate)
            for unit, kind, reply in replies
            for candidate in self._read_reply(unit, kind, reply, dropped)
        ]
        pairs += [(unit, candidate) for unit in units for candidate in self._by_rule(unit, dropped)]
        pairs = self._without_copies(pairs, dropped)
        kept: dict[str, list[Kept]] = {unit: [] for unit in units}
        gone = []
        reasons = self._checks.reasons([candidate for _, candidate in pairs])
        for (unit, candidate), reason in zip(pairs, reasons, strict=True):
            room = self._room(unit, candidate.draft, kept[unit])
            if reason or not room:
                gone.append(candidate.draft)
                dropped[unit][reason] += bool(reason)
                if reason == FAILED:
                    failed.add(unit)
            else:
                kept[unit].append(_kept(candidate))
        self._copies.forget(gone)
        self.counts.failed += sorted(failed)
        return [
            Done(unit=unit, kept=tuple(kept[unit]), dropped={key: n for key, n in dropped[unit].items() if n})
            for unit in units
            if unit not in failed
        ]

    def _room(self, unit: str, draft: Draft, kept: Sequence[Kept]) -> bool:
        """Whether the unit has not as many questions of this kind as are wanted."""
        if unit in self._questions:
            return len(kept) < self._settings.wordings
        most = self._settings.per_passage if draft.answers else self._settings.unanswerable
        return sum(bool(of.draft.answers) == bool(draft.answers) for of in kept) < most

    def _without_copies(
        self, pairs: Sequence[tuple[str, Candidate]], dropped: Mapping[str, Counter[str]]
    ) -> list[tuple[str, Candidate]]:
        reasons = self._copies.reasons([candidate.draft for _, candidate in pairs])
        for (unit, _), reason in zip(pairs, reasons, strict=True):
            dropped[unit][reason] += bool(reason)
        return [pair for pair, reason in zip(pairs, reasons, strict=True) if not reason]

    def _by_rule(self, unit: str, dropped: Mapping[str, Counter[str]]) -> list[Candidate]:
        """What the rules make of a unit."""
        if unit in self._questions:
            question = self._questions[unit]
            texts = reworded(question.text, self._settings.wordings, self._settings.seed)
            return self._wordings(question, texts, "rule:wording", dropped[unit])
        passage = self._passages[unit]
        drafts = self._drafts[unit]
        clear = [draft for draft in drafts if draft.question.lower() not in self._unclear]
        dropped[unit][AMBIGUOUS] += len(drafts) - len(clear)
        draw = random.Random(f"{self._settings.seed} {unit}")
        drawn = draw.sample(clear, len(clear))
        without = [other for draft in drawn for other in self._swaps.drafts(draft)]
        settings = self._settings
        tried = [*drawn[: SPARE * settings.per_passage], *without[: SPARE * settings.unanswerable]]
        return [Candidate(draft, (passage,)) for draft in tried]

    def _wordings(
        self, question: Question, texts: Sequence[str], method: str, dropped: Counter[str]
    ) -> list[Candidate]:
        passages = self._material.evidence.get(question.id, ())
        if not passages:
            dropped[NO_PASSAGE] += len(texts)
            return []
        found = []
        for text in texts:
            if what := lost(question.text, text):
                dropped[LOST.format(what)] += 1
            else:
                found.append(Candidate(_wording(question, text, method), passages))
        return found

    def _written(self, units: Sequence[str]) -> tuple[list[tuple[str, str, str]], set[str]]:
        """(unit, kind and reply of everything the writer was asked, the units for which it failed)."""
        asked = [(unit, kind, prompt) for unit in units for kind, prompt in self._prompts(unit)] if self._writer else []
        if self._writer is None or not asked:
            return [], set()
        self.counts.writer += len(asked)
        completions = self._writer.generate([prompt for _, _, prompt in asked], WRITES)
        failed = {unit for (unit, _, _), completion in zip(asked, completions, strict=True) if completion.error}
        if len(failed) == len({unit for unit, _, _ in asked}):
            raise ModelUnavailableError(
                f"The model that writes failed for all of {len(asked)} requests: {_first_error(completions)}",
                "check the model, then go on with --resume; what is done is kept",
            )
        texts = [(unit, kind, of.text) for (unit, kind, _), of in zip(asked, completions, strict=True) if not of.error]
        return [reply for reply in texts if reply[0] not in failed], failed

    def _prompts(self, unit: str) -> Iterator[tuple[str, Prompt]]:
        settings = self._settings
        if unit in self._questions:
            yield "wording", wordings_prompt(self._questions[unit].text, settings.wordings)
            return
        if settings.per_passage:
            yield "question", questions_prompt(self._passages[unit], settings.per_passage)
        if settings.unanswerable:
            yield "unanswerable", unanswerable_prompt(self._passages[unit], settings.unanswerable)

    def _read_reply(self, unit: str, kind: str, reply: str, dropped: Mapping[str, Counter[str]]) -> list[Candidate]:
        name = self._writer.name if self._writer else ""
        if kind == "question":
            passage = self._passages[unit]
            drafts, reasons = drafts_of(reply, passage, name, self._settings.per_passage)
            dropped[unit].update(reasons)
            return [Candidate(draft, (passage,)) for draft in drafts]
        texts = texts_of(reply, self._settings.wordings if kind == "wording" else self._settings.unanswerable)
        if texts is None:
            dropped[unit][BROKEN] += 1
            return []
        if kind == "wording":
            return self._wordings(self._questions[unit], texts, f"model:{name}", dropped[unit])
        passage = self._passages[unit]
        drafts = [Draft(question=text, source=passage.source, method=f"model:{name}") for text in texts]
        return [Candidate(draft, (passage,)) for draft in drafts]


def _wording(question: Question, text: str, method: str) -> Draft:
    sources = list(dict.fromkeys(span.source for span in question.source_spans))
    return Draft(
        question=text,
        answers=question.answers,
        quote=question.evidence,
        source=sources[0] if len(sources) == 1 else "",
        method=method,
        kind=question.kind,
        paraphrase_of=question.id,
        paraphrase_sum=text_sum(question.text),
        fact=question.fact,
    )


def _kept(candidate: Candidate) -> Kept:
    first = candidate.passages[0]
    return Kept(
        draft=candidate.draft,
        passage="\n\n".join(passage.shown for passage in candidate.passages),
        heading=first.heading,
    )


def _first_error(completions: Sequence[Completion]) -> str:
    return next((completion.error for completion in completions if completion.error), "")


def check_passages(passages: Sequence[Chunk]) -> None:
    """Raises InputError if the documents have no text to ask about."""
    if not any(len(plain(passage.shown).split()) >= LEAST_WORDS for passage in passages):
        raise InputError("The documents hold no text to ask about.", "give documents with sentences, tables or lists")
