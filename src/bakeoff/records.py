"""The frozen types that every stage exchanges.

Takes and gives nothing; knows no other module. Each record reads and writes itself as one line of JSON
(`model_dump_json`, `model_validate_json`). Texts are str, offsets count characters of `Document.text`, times carry
their unit in the name.
"""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Approach = Literal["rag", "fine-tuning", "hybrid"]
Phase = Literal["test", "updated"]
Slice = Literal["seen", "unseen", "changed", "unanswerable", "general"]
Split = Literal["train", "dev", "test"]


class Record(BaseModel):
    """A frozen record; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Document(Record):
    """One source text as the store holds it. `source` is what questions name: a path relative to the corpus root."""

    id: str
    text: str
    title: str = ""
    source: str
    updated_at: datetime | None = None
    access: tuple[str, ...] = ()
    meta: dict[str, Any] = Field(default_factory=dict)


class Chunk(Record):
    """A passage: `document.text[start:end] == text`. `heading` is the path of headings above it, title first."""

    id: str
    document_id: str
    source: str
    text: str
    start: int
    end: int
    heading: str = ""

    @property
    def passage(self) -> str:
        """The text with its headings above it: what is embedded, searched and shown to a generator."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


class SourceSpan(Record):
    """Gold evidence: characters start..end of the document at `source`; the whole document when both are None."""

    source: str
    start: int | None = None
    end: int | None = None


class Question(Record):
    """A question with its accepted answers. No answers means: unanswerable from the documents.

    `answers` are aliases: any one of them is right. `fact` groups the phrasings that ask for the same thing.
    `asked` is how often users ask it in the period the question log covers, `asked_on` the day the log gives for it.
    `evidence` is the passage that the question file quotes, one quote a line; `source_spans` is where it stands.
    """

    id: str
    text: str
    answers: tuple[str, ...] = ()
    kind: str = ""
    fact: str
    slice: Slice | None = None
    split: Split | None = None
    asked: int = 1
    asked_on: date | None = None
    source_spans: tuple[SourceSpan, ...] = ()
    evidence: str = ""

    @property
    def answerable(self) -> bool:
        return bool(self.answers)


def ask(text: str) -> Question:
    """A question of a user: no answers are known, the text is its own fact."""
    return Question(id="asked", text=text, fact="asked")


class Hit(Record):
    """A retrieved chunk; a higher score is a better one; rank counts from 1."""

    chunk: Chunk
    score: float
    rank: int


class Message(Record):
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


class Prompt(Record):
    """What a generator is given: chat messages, rendered by the generator with its model's own chat template."""

    messages: tuple[Message, ...]


class Usage(Record):
    """What producing one answer (or one completion) took. `seconds` is this item's share of its batch's wall time."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            seconds=self.seconds + other.seconds,
        )


class GenerationSettings(Record):
    """How a generator writes: at most `max_new_tokens`, until the model ends or a `stop` text appears.

    Where temperature or seed is None, the model's own settings count, if it has any; else the most probable token is
    taken each time, as at temperature 0. `stop` texts are not part of the completion.
    """

    max_new_tokens: int = Field(default=24, ge=1)
    temperature: float | None = Field(default=None, ge=0)
    seed: int | None = None
    stop: tuple[str, ...] = ()

    @property
    def samples(self) -> bool:
        """Whether tokens are drawn at random, by their probability."""
        return bool(self.temperature)


class Origin(Record):
    """The model that wrote a text, as its server names it, its fingerprint and the day (UTC)."""

    model: str = ""
    fingerprint: str = ""
    on: date | None = None


class Completion(Record):
    """A generated text. `logprob` is the mean log-probability of its tokens, None where the engine gives none.

    `truncated` says that the text stopped at a limit (of new tokens, or of the context), not at its own end.
    `error` says why a prompt yielded nothing (a remote engine refused it, say); the text is empty then.
    """

    text: str
    usage: Usage
    logprob: float | None = None
    truncated: bool = False
    origin: Origin | None = None
    error: str | None = None


class Answer(Record):
    """What a contender said to one question.

    An error is a state: `error` holds the message and `text` is empty. `confidence` is comparable only within one
    contender. `citations` are the chunks shown to the generator (or copied from), best first. `latency_ms` is set only
    where the question was answered alone. When `abstained`, `text` is what it would have said. `truncated`
    says that the text stopped at a token limit; `origin` names the model that wrote it where a server says so.
    """

    question_id: str
    contender: str
    text: str = ""
    citations: tuple[Hit, ...] = ()
    usage: Usage = Usage()
    latency_ms: float | None = None
    route: str = ""
    confidence: float | None = None
    abstained: bool = False
    truncated: bool = False
    origin: Origin | None = None
    error: str | None = None


class Score(Record):
    """One question's value of one per-question measure; None where the measure does not apply or the answer failed.

    `phase` says which answer was scored: the one in the test, or the one after the documents were updated.
    """

    question_id: str
    contender: str
    phase: Phase = "test"
    measure: str
    value: float | None


class Contrast(Record):
    """A paired difference a - b on one measure, with its 95 % interval.

    `finding` is 'different' (the adjusted p-value is below .05), 'tied' (the difference lies within the margin) or
    'open'; `more_questions` is how many more would settle it at 80 % power.
    """

    a: str
    b: str
    measure: str
    difference: float
    low: float
    high: float
    p: float
    p_adjusted: float
    n: int
    tied: bool = False
    finding: Literal["different", "tied", "open"] = "open"
    more_questions: int = 0


class Stage(Record):
    """What one stage of a pilot took.

    `contender` is empty where several share the stage. `part` names what was built or loaded: an index, a tuned model
    or a model, as in `Entrant.parts`.
    """

    stage: str
    contender: str = ""
    part: str = ""
    seconds: float
    tokens: int = 0
    detail: str = ""
