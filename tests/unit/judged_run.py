"""A finished run whose answers are long, and a scripted judge with known errors. No model takes part.

Whether an answer is correct stands in its text: 'as it is meant' in right ones, 'the other way' in wrong ones.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.files import jsonl
from bakeoff.measure.labels import Label, Unit
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.records import Answer, Document, Question, SourceSpan
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.labels import set_weights
from tests.unit.run_fixture import finished

NAMES = ("base", "rag")
GOOD, BAD = "as it is meant", "the other way"


def chance(text: str, salt: str = "") -> float:
    """A number in 0..1 that depends on the texts only."""
    return int.from_bytes(hashlib.sha256(f"{salt}|{text}".encode()).digest()[:6], "big") / 2**48


def long_question(i: int, **more) -> Question:
    """A test question with an accepted answer of two claims."""
    gold = (
        f"The blue valve number {i} closes slowly by itself when the water pressure drops under two bar, "
        "and the grey lamp beside the panel shows a steady light."
    )
    spans = (SourceSpan(source="valves.md", start=0, end=40),)
    return Question(
        id=f"q{i}", text=f"What happens at valve {i}?", answers=(gold,), fact=f"f{i}", split="test", slice="unseen",
        **{"source_spans": spans, **more},
    )  # fmt: skip


def long_answer(i: int, name: str, right: bool, length: int = 0) -> str:
    """A paraphrase that rules cannot decide, with so many words more."""
    more = "".join(f" and furthermore detail {k}" for k in range(length))
    return f"Valve {i} {'shuts' if right else 'opens'} {GOOD if right else BAD} says {name}{more}."


def long_run(root: Path, n: int = 40, right: Callable[[int, str], bool] | None = None, **settings) -> RunFolder:
    """A run of two contenders with n long questions; `right(i, name)` says who is right on which."""
    asked = [long_question(i) for i in range(n)]
    is_right = right or (lambda i, name: chance(f"{i}{name}") < (0.7 if name == "rag" else 0.4))
    folder = RunFolder(finished(root, asked=asked, base=(), rag=(), **settings).folder.root)
    with SqliteStore(folder.world / "store.sqlite") as store:
        store.replace_all(
            [Document(id="v", text="The blue valve closes by itself at two bar. " * 9, source="valves.md")]
        )
    for name in NAMES:
        answers = [
            Answer(question_id=f"q{i}", contender=name, text=long_answer(i, name, is_right(i, name), i % 7))
            for i in range(n)
        ]
        jsonl.write(folder.answers_path(name), answers)
    return folder


def label_all(folder: RunFolder, every: int = 1) -> list[Label]:
    """True labels for every so many-th answer, as people would give them."""
    texts = {(answer.question_id, answer.text): None for name in NAMES for answer in folder.answers(name)}
    labels = [
        Label(
            question_id=question_id,
            text=text,
            verdict="right" if GOOD in text else "wrong",
            labeller="ann",
            at=datetime(2026, 5, 1, tzinfo=UTC),
        )
        for question_id, text in list(texts)[::every]
    ]
    set_weights(folder, {Unit(*unit): 1.0 for unit in texts})
    jsonl.append(folder.labels_path, labels)
    return labels


class ScriptedJudge(ScriptedGenerator):
    """Judges by the marks in the answer, with errors: misses `1 - sensitivity`, lets pass `1 - specificity`.

    `favours` is a contender whose answers it always calls right; `likes_length` calls answers of more than 100
    characters right. Counts what it was asked.
    """

    n_parallel = 4

    def __init__(
        self,
        sensitivity: float = 1.0,
        specificity: float = 1.0,
        favours: str = "",
        likes_length: bool = False,
        salt: str = "",
    ) -> None:
        super().__init__(self.reply)
        self.sensitivity, self.specificity = sensitivity, specificity
        self.favours, self.likes_length, self.salt = favours, likes_length, salt
        self.messages: list[str] = []

    @property
    def n_verdicts(self) -> int:
        return sum("<answer>" in message for message in self.messages)

    def reply(self, message: str) -> str:
        self.messages.append(message)
        if "<answer>" not in message:
            return "- The valve closes by itself.\n- The lamp shows a steady light."
        return verdict_reply(message, self.calls_right(within("answer", message)))

    def calls_right(self, answer: str) -> bool:
        if (self.favours and self.favours in answer) or (self.likes_length and len(answer) > 100):
            return True
        if GOOD in answer:
            return chance(answer, f"{self.salt}sensitive") < self.sensitivity
        return chance(answer, f"{self.salt}specific") >= self.specificity


def within(tag: str, message: str) -> str:
    """What stands between the tags."""
    match = re.search(rf"<{tag}>\n(.*?)\n</{tag}>", message, re.S)
    return match[1] if match else ""


def verdict_reply(message: str, right: bool, declines: bool = False) -> str:
    """A reply in the form that was asked for: all key points stated, or the last one contradicted."""
    n = len(within("key_points", message).splitlines())
    verdicts = ["stated"] * n if right else ["stated"] * (n - 1) + ["contradicted"]
    lines: Sequence[str] = [f"{i}: {verdict}" for i, verdict in enumerate(verdicts, 1)]
    return "\n".join([*lines, f"declines: {'yes' if declines else 'no'}"])


def marks_judge() -> ScriptedGenerator:
    """The judge without errors as a model that any process can load by this name."""
    return ScriptedJudge()
