"""Building: index, tuned models and specs, until every contender of a world can be opened; then keeping it current.

Takes prepared data and a workbench, fills the world's folder. Knows nothing about test questions.
"""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bakeoff.contenders.declining import calibrate, declines
from bakeoff.contenders.extract import words_to_copy
from bakeoff.contenders.long_context import reason_not_to_fit
from bakeoff.contenders.rag import n_fitting
from bakeoff.contenders.router import calibrate_routing
from bakeoff.contenders.world import Kind, Spec, Workbench
from bakeoff.errors import InputError
from bakeoff.files import jsonl
from bakeoff.measure.collect import collect
from bakeoff.measure.score import is_correct
from bakeoff.models.chat import Chat
from bakeoff.models.load import has_no_weights
from bakeoff.models.weights import resolve_model
from bakeoff.pilot.prepare import Prepared
from bakeoff.records import Question
from bakeoff.runs.config import Config
from bakeoff.runs.environment import release_memory
from bakeoff.runs.folder import RunFolder
from bakeoff.tuning.examples import closed_book_examples, grounded_examples
from bakeoff.tuning.lora import Example, TrainingSettings, train_adapter
from bakeoff.tuning.packing import encode

KINDS: dict[str, Kind] = {
    "base": "closed-book",
    "tuned": "closed-book",
    "rag": "rag",
    "hybrid": "rag",
    "extract": "extract",
    "router": "router",
    "long-context": "long-context",
}
TRAINED = ("tuned", "hybrid")
RETRIEVING: tuple[Kind, ...] = ("rag", "extract", "router")
GENERATING: tuple[Kind, ...] = ("closed-book", "rag", "long-context")
CALIBRATED: tuple[Kind, ...] = (*GENERATING, "extract")

Timed = Callable[..., AbstractContextManager[dict[str, Any]]]
Progress = Callable[..., Callable[[int, int], None]]


class Lesson(NamedTuple):
    """What one training is made of."""

    examples: list[Example]
    dev: list[Example]
    max_epochs: int


class Builder:
    """Builds and updates worlds for one configuration."""

    def __init__(self, config: Config, timed: Timed, progress: Progress) -> None:
        self._config = config
        self._timed = timed
        self._progress = progress

    def kind(self, name: str) -> Kind:
        return KINDS.get(name, "custom")

    def _retrieves(self) -> bool:
        return any(self.kind(name) in RETRIEVING for name in self._config.contenders)

    def n_chunks(self, bench: Workbench) -> int:
        """How many chunks the world's index holds; 0 where no contender retrieves."""
        return int(bench.index.n_chunks) if self._retrieves() else 0

    def build(self, bench: Workbench, prepared: Prepared) -> dict[str, str]:
        """Make every contender ready to open; gives those that cannot be built, with the reason."""
        names = self._config.contenders
        if any(self.kind(name) != "extract" and self.kind(name) != "custom" for name in names):
            with self._timed("load"):
                bench.generator()
        if self._retrieves():
            self._index(bench, "index")
        reasons = {name: self._reason_to_skip(bench, name, prepared) for name in names}
        skipped = _without_parts(names, {name: reason for name, reason in reasons.items() if reason})
        lessons = {
            name: self._lesson(bench, name, prepared) for name in TRAINED if name in names and name not in skipped
        }
        for name, lesson in lessons.items():
            with self._timed("train", name) as more:
                more |= self._fit(bench, name, lesson)
        if "router" in names and "router" not in skipped:
            _save_trained_questions(bench, prepared.of("train"))
        return skipped

    def _index(self, bench: Workbench, stage: str) -> None:
        """Bring the index up to date; what a session that was killed spent on it counts too."""
        with self._timed(stage) as more:
            begun = time.perf_counter()
            index = bench.index
            opening_s = time.perf_counter() - begun
            report = index.sync(bench.store, self._progress(stage))
            more |= {"tokens": report.n_tokens, "seconds": opening_s + report.seconds}

    def _reason_to_skip(self, bench: Workbench, name: str, prepared: Prepared) -> str | None:
        """Why a contender cannot be built, or None where it can."""
        if name in TRAINED:
            if has_no_weights(self._config.models.generator):
                return f"the weights of {self._config.models.generator} are not here: only a local model can be tuned"
            if not prepared.of("train"):
                return "there is no training question: every fact is held out"
            if not any(question.answerable for question in prepared.of("train")):
                return "there is no answerable question to train on"
        if self.kind(name) == "long-context":
            limit = self._config.models.max_new_tokens
            return reason_not_to_fit(prepared.documents, bench.generator(), limit)
        return None

    def spec(self, name: str, **more: Any) -> Spec:
        """The spec of a contender before calibration."""
        kind, prompts = self.kind(name), self._config.prompts
        templates = {"closed-book": prompts.closed_book, "rag": prompts.grounded, "long-context": prompts.grounded}
        return Spec(
            name=name,
            kind=kind,
            models=self._config.models,
            retrieval=self._config.retrieval,
            template=templates.get(kind),
            adapter=name in TRAINED,
            import_path=name if kind == "custom" else None,
            **more,
        )

    def _lesson(self, bench: Workbench, name: str, prepared: Prepared) -> Lesson:
        """What `tuned` or `hybrid` is trained on. Raises InputError, before any training, where that cannot be."""
        training = self._config.training
        questions, dev = prepared.of("train"), prepared.of("dev")
        if name == "tuned":
            # What is to be learnt closed-book can only be checked on other phrasings of the same facts.
            dev, epochs = [one for one in dev if one.slice == "seen"], training.tuned_epochs
        else:
            questions, epochs = _sample(questions, training.hybrid_examples, self._config.seed), training.hybrid_epochs
        if epochs == 1:  # there is no epoch to choose
            dev = []
        lesson = Lesson(self._examples(bench, name, questions), self._examples(bench, name, dev), epochs)
        if not lesson.examples:
            raise InputError(
                f"'{name}' cannot be trained: retrieval shows no training question the passage that answers it.",
                f"raise retrieval.k, lower retrieval.chunk_tokens, or leave '{name}' out of the contenders",
            )
        encode(Chat(resolve_model(self._config.models.generator)), [*lesson.examples, *lesson.dev])
        return lesson

    def _examples(self, bench: Workbench, name: str, questions: Sequence[Question]) -> list[Example]:
        prompts, seed = self._config.prompts, self._config.seed
        declining, k = self._config.training.declining, self._config.retrieval.k
        if name == "tuned":
            return closed_book_examples(questions, prompts.closed_book, declining, seed)
        template, limit = prompts.grounded, self._config.models.max_new_tokens
        fitting = partial(n_fitting, template=template, generator=bench.generator(), max_new_tokens=limit)
        return grounded_examples(questions, bench.index, template, k, declining, seed, fitting)

    def _fit(self, bench: Workbench, name: str, lesson: Lesson, start_from: Path | None = None) -> dict[str, Any]:
        """Train the adapter of `tuned` or `hybrid`; gives what the stage took."""
        training = self._config.training
        settings = TrainingSettings(
            rank=training.rank,
            learning_rate=training.learning_rate,
            max_epochs=lesson.max_epochs,
            max_seconds=training.max_seconds,
            seed=self._config.seed,
        )
        progress = self._progress("train", name)
        report = train_adapter(
            resolve_model(self._config.models.generator),
            lesson.examples,
            lesson.dev,
            settings,
            bench.folder(name) / "adapter",
            on_progress=lambda at: progress(at.step, at.n_steps),
            start_from=start_from,
        )
        release_memory()
        template = self._config.prompts.closed_book if name == "tuned" else self._config.prompts.grounded
        jsonl.write_text(bench.folder(name) / "template.txt", template.fingerprint + "\n")
        return {
            "seconds": report.seconds,
            "tokens": report.n_tokens,
            "detail": f"{report.n_examples} examples, {report.epochs:g} epochs, {report.stopped_because}",
        }

    def calibrate(self, bench: Workbench, name: str, prepared: Prepared, folder: RunFolder) -> None:
        """Fix on the dev split when a contender declines (or how the router routes), and save its spec.

        Those that generate come first: where their answers have no confidence, `extract` gets no threshold either.
        """
        dev = prepared.of("dev")
        if self.kind(name) == "router":
            bench.save(self.spec(name, routing=self._routing(bench, dev, folder)))
            return
        known = {"answer_words": _answer_words(prepared)} if self.kind(name) == "extract" else {}
        bench.save(self.spec(name, **known))
        if self.kind(name) not in CALIBRATED or not dev:
            return
        path = folder.answers_path(name, "dev")
        collect(bench.open(name), dev, path, self._config.measuring.batch_size, self._progress("calibrate", name))
        if self.without_confidence(folder):
            return
        penalty = self._config.measuring.wrong_answer_penalty
        threshold = calibrate(dev, folder.answers(name, "dev"), is_correct, penalty)
        bench.save(self.spec(name, decline_below=threshold, **known))

    def without_confidence(self, folder: RunFolder) -> list[str]:
        """The contenders whose generator gave no log-probability on dev, so that no threshold can be calibrated."""
        dev = {
            name: [answer.confidence for answer in folder.answers(name, "dev") if answer.error is None]
            for name in self._config.contenders
            if self.kind(name) in GENERATING
        }
        return [name for name, confidences in dev.items() if confidences and set(confidences) == {None}]

    def _routing(self, bench: Workbench, dev: Sequence[Question], folder: RunFolder) -> Any:
        fars = [name for name in ("rag", "hybrid") if name in self._config.contenders]
        familiar = bench.familiarity().of([question.text for question in dev])
        return calibrate_routing(
            near=self._dev_outcomes(bench, "tuned", dev, folder),
            fars={name: self._dev_outcomes(bench, name, dev, folder) for name in fars},
            familiarity={question.id: float(value) for question, value in zip(dev, familiar, strict=True)},
            near_name="tuned",
            trained_on=[question.id for question in dev if question.slice == "seen"],
        )

    def _dev_outcomes(
        self, bench: Workbench, name: str, dev: Sequence[Question], folder: RunFolder
    ) -> dict[str, tuple[float, float]]:
        """(1 if right, seconds) of each dev answer, declining as the calibrated contender would."""
        questions = {question.id: question for question in dev}
        threshold = bench.spec(name).decline_below
        outcomes = {}
        for answer in folder.answers(name, "dev"):
            question = questions.get(answer.question_id)
            if question is None or answer.error is not None:
                continue
            declined = declines(answer.text, answer.confidence, threshold)
            right = not declined and is_correct(question, answer.text) if question.answerable else declined
            outcomes[question.id] = (float(right), answer.usage.seconds)
        return outcomes

    def update(self, bench: Workbench, before: Workbench, prepared: Prepared) -> None:
        """Bring a copied world up to date: re-index the new documents, retrain `tuned` on what changed."""
        changed = prepared.changed_training()
        bench.store.upsert(prepared.updated_documents)
        if self._retrieves():
            self._index(bench, "update-index")
        for name in self.retrained(prepared):
            if (before.folder(name) / "adapter").exists():
                with self._timed("update-train", name) as more:
                    more |= self._retrain(bench, before, prepared, changed)
        if "router" in self._config.contenders:
            _save_trained_questions(bench, [*prepared.of("train"), *changed])

    def retrained(self, prepared: Prepared) -> list[str]:
        """The contenders that are trained again after the update: what they know is in their weights."""
        return ["tuned"] if "tuned" in self._config.contenders and prepared.changed_training() else []

    def _retrain(
        self, bench: Workbench, before: Workbench, prepared: Prepared, changed: Sequence[Question]
    ) -> dict[str, Any]:
        """Go on from the tuned model with the changed facts and half as many old questions, so that these are kept."""
        facts = {question.fact for question in changed}
        kept = [question for question in prepared.of("train") if question.fact not in facts]
        replay = _sample(kept, len(changed) // 2, self._config.seed)
        lesson = Lesson(self._examples(bench, "tuned", [*changed, *replay]), [], self._config.training.tuned_epochs)
        return self._fit(bench, "tuned", lesson, start_from=before.folder("tuned") / "adapter")


def _answer_words(prepared: Prepared) -> int:
    """How much to copy, by the answers that are not held out."""
    known = [*prepared.of("train"), *prepared.of("dev")]
    return words_to_copy([question.answers for question in known if question.answerable])


def _sample(questions: Sequence[Question], most: int | None, seed: int) -> list[Question]:
    """At most so many of the questions, drawn by the seed, in their order."""
    if most is None or len(questions) <= most:
        return list(questions)
    drawn = set(random.Random(seed).sample(range(len(questions)), most))
    return [question for i, question in enumerate(questions) if i in drawn]


def _save_trained_questions(bench: Workbench, questions: Sequence[Question]) -> None:
    """Keep the embeddings of the training questions: the router's measure of what is familiar."""
    folder = bench.folder("router")
    folder.mkdir(parents=True, exist_ok=True)
    vectors = bench.embedder.embed_queries([question.text for question in questions])
    np.save(folder / "trained.npy", vectors, allow_pickle=False)


def _without_parts(names: Sequence[str], skipped: dict[str, str]) -> dict[str, str]:
    """The same, and the router where the tuned model behind it is missing."""
    if "router" in names and "tuned" in skipped:
        return {**skipped, "router": f"the tuned model behind it could not be built: {skipped['tuned']}"}
    return skipped
