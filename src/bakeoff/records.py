"""The frozen types that every stage exchanges.

Knows no other module. Each record reads and writes itself as one line of JSON (`model_dump_json`,
`model_validate_json`). Texts are str. Offsets count characters of `Document.text`. The names of times include their
unit.
"""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Approach = Literal["rag", "fine-tuning", "hybrid"]
Phase = Literal["test", "updated"]
Slice = Literal["seen", "unseen", "changed", "unanswerable", "general"]
Split = Literal["train", "dev", "test"]
Labels = tuple[str, ...] | None
"""Labels that somebody holds: they see documents without labels and those with one of these. None: every document."""
Length = Literal["short", "mixed", "long"]
"""How long answers are to be: a few words, sentences, or whichever the question asks for."""


class Record(BaseModel):
    """A frozen record. An unknown field is an error. What is wrong is said without the value, which may be a secret."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Document(Record):
    """One document as the store holds it. Questions refer to it by `source`, a path relative to the corpus root."""

    id: str
    text: str
    title: str = ""
    source: str
    updated_at: datetime | None = None
    access: tuple[str, ...] = ()
    meta: dict[str, Any] = Field(default_factory=dict)


class Problem(Record):
    """Something that was not read: its name, the reason, and what a person can do about it.

    `is_read` if it was read after all, but a person should check how. `withdraws` if what was read of it before must
    go, too, since nobody knows any more who may see it. `also` are further names that it is about; the empty name is
    everything in the place. They are not written down.
    """

    source: str
    reason: str
    remedy: str = ""
    is_read: bool = False
    withdraws: bool = False
    also: tuple[str, ...] = Field(default=(), exclude=True, repr=False)

    @property
    def line(self) -> str:
        """The problem on one line, without the remedy."""
        return f"{'check' if self.is_read else 'not read'}: {self.source}: {self.reason}"


class Chunk(Record):
    """A passage of a document: `document.text[start:end] == text`. `heading` lists the headings above, title first.
    The text is empty where a system that is not Bakeoff's cited the whole document.

    `readable` is the text without pictures, link targets and the like, where it differs.
    """

    id: str
    document_id: str
    source: str
    text: str
    start: int
    end: int
    heading: str = ""
    readable: str | None = None

    @property
    def shown(self) -> str:
        """The text as it is shown to a generator and copied into answers."""
        return self.text if self.readable is None else self.readable

    @property
    def passage(self) -> str:
        """The headings followed by the shown text. This is what is embedded and searched."""
        return f"{self.heading}\n{self.shown}" if self.heading else self.shown


class SourceSpan(Record):
    """Gold evidence: characters start..end of the document at `source`, or the whole document if both are None."""

    source: str
    start: int | None = None
    end: int | None = None


class Synthetic(Record):
    """How a question came about that no user asked (docs/synthesize.md).

    `method` says by which rule or model. `accepted` by a person: only then may it be tested. `paraphrase_of` is the id
    of the question that it asks in other words, `paraphrase_sum` a sum of that question's text when it was worded; both
    empty if it was made from a document.
    """

    method: str = ""
    accepted: bool = False
    paraphrase_of: str = ""
    paraphrase_sum: str = Field(default="", exclude_if=lambda text_sum: not text_sum)


class Question(Record):
    """A question with its accepted answers. A question without answers is unanswerable from the documents.

    `answers` are aliases: any one of them is correct. `fact` groups the phrasings that ask for the same thing.
    `asked` is how often users ask it in the period that the question log covers. `asked_on` is its day in the log, or
    the first of them; `asked_until` is the last one, where the log holds it more than once. `evidence` is what the
    question file quotes, one quote per line. `source_spans` says where the quotes are. `key_points` are the claims
    that an answer must state to be right, if the question file says them. `access` are the labels of the caller: an
    answer is made from the documents that they may see. None, every document, is not written to files. `instructions`
    are what a caller's system messages say, for a model that follows them. `synthetic` is None for a question that
    somebody asked.
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
    asked_until: date | None = Field(default=None, exclude_if=lambda day: day is None)
    source_spans: tuple[SourceSpan, ...] = ()
    evidence: str = ""
    key_points: tuple[str, ...] = Field(default=(), exclude_if=lambda points: not points)
    access: Labels = Field(default=None, exclude_if=lambda labels: labels is None)
    instructions: str = Field(default="", exclude_if=lambda text: not text)
    synthetic: Synthetic | None = Field(default=None, exclude_if=lambda mark: mark is None)

    @property
    def answerable(self) -> bool:
        return bool(self.answers)

    @property
    def is_unreviewed(self) -> bool:
        """Whether it is synthetic and no person has accepted it: then it may only be trained on."""
        return self.synthetic is not None and not self.synthetic.accepted


def ask(text: str, access: Labels = None) -> Question:
    """A question typed by a user who holds these labels. No answers are known; its id and its fact are both 'asked'."""
    return Question(id="asked", text=text, fact="asked", access=access)


class Hit(Record):
    """A retrieved chunk. A higher score is better. Ranks start at 1."""

    chunk: Chunk
    score: float
    rank: int


class Message(Record):
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


class Prompt(Record):
    """The input of a generator: chat messages, which it renders with its model's own chat template."""

    messages: tuple[Message, ...]


class Usage(Record):
    """The tokens and time of one answer (or completion). `seconds` is its share of the wall time of its batch.

    `cached_tokens` are those of the prompt that a server says it took from its cache. `batched`: it came from a batch
    API, which answers within hours, so its seconds say nothing of how fast it is. `usd` is what it cost in US dollars
    where somebody recorded that; else it is None, and prices say what it cost.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = Field(default=0, exclude_if=lambda n: not n)
    seconds: float = 0.0
    batched: bool = Field(default=False, exclude_if=lambda batched: not batched)
    usd: float | None = Field(default=None, exclude_if=lambda usd: usd is None)

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            seconds=self.seconds + other.seconds,
            batched=self.batched or other.batched,
            usd=None if self.usd is None and other.usd is None else (self.usd or 0.0) + (other.usd or 0.0),
        )


class GenerationSettings(Record):
    """How a generator writes: at most `max_new_tokens` tokens, until the model ends or a `stop` text appears.

    If temperature or seed is None, the model's own settings apply. A model without its own settings takes the most
    probable token each time, as at temperature 0. `stop` texts are not part of the completion.
    """

    max_new_tokens: int = Field(default=24, ge=1)
    temperature: float | None = Field(default=None, ge=0)
    seed: int | None = None
    stop: tuple[str, ...] = ()

    @property
    def samples(self) -> bool:
        """Whether tokens are sampled by their probability."""
        return bool(self.temperature)


class Origin(Record):
    """The model that wrote a text: the name and fingerprint that its server gives, and the day (UTC)."""

    model: str = ""
    fingerprint: str = ""
    on: date | None = None


class Completion(Record):
    """A generated text. `logprob` is the mean log-probability of its tokens, None if the engine gives none.

    `truncated` means that the text was cut off at a limit (of new tokens, or of the context). `looped` means that it
    repeated itself, was stopped, and was cut to one occurrence. `error` says why there is no text, for example because
    a remote engine refused the prompt.
    """

    text: str
    usage: Usage
    logprob: float | None = None
    truncated: bool = False
    looped: bool = False
    origin: Origin | None = None
    error: str | None = None


class Answer(Record):
    """A contender's answer to one question.

    If answering failed, `error` holds the message and `text` is empty. `confidence` is comparable only within one
    contender; `is_chance` says that it is the chance (0 to 1) that the answer is right. `citations` are the chunks
    shown to the generator (or copied from), best first. `latency_ms` is set only if the question was answered on its
    own, not in a batch. If `abstained`, `text` is the answer that was withheld.
    `truncated` means that the text was cut off at a token limit, `looped` that it repeated itself and was cut to one
    occurrence. `origin` names the model if the server reports it. `span` is set if the text was copied letter for
    letter: it is characters start..end of what the first citation's chunk shows (`Chunk.shown`).
    """

    question_id: str
    contender: str
    text: str = ""
    citations: tuple[Hit, ...] = ()
    usage: Usage = Usage()
    latency_ms: float | None = None
    route: str = ""
    confidence: float | None = None
    is_chance: bool = Field(default=False, exclude_if=lambda is_chance: not is_chance)
    abstained: bool = False
    truncated: bool = False
    looped: bool = False
    origin: Origin | None = None
    span: tuple[int, int] | None = Field(default=None, exclude_if=lambda span: span is None)
    error: str | None = None


class Score(Record):
    """One question's value of one per-question measure. None if the measure does not apply or the answer failed.

    An answer that can be called neither right nor wrong has 0.5 for 'correct', 'hallucinated' and 'knows'.
    `phase` says which answer was scored: 'test', or 'updated' for the answer after the documents were updated.
    """

    question_id: str
    contender: str
    phase: Phase = "test"
    measure: str
    value: float | None


class Contrast(Record):
    """The paired difference a - b of two contenders on one measure, with its 95 % interval.

    `finding` is 'different' (the adjusted p-value is below .05), 'tied' (the difference is within the margin) or
    'open' (neither). `more_questions` is how many more questions would settle it with 80 % power, 0 if they would not.
    For `unsure` of the n questions the difference is not known, because an answer could be called neither right nor
    wrong: interval and finding hold whatever it is. On `differ` questions the two differ or may differ; None if that
    was not counted.
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
    unsure: int = 0
    differ: int | None = None
    tied: bool = False
    finding: Literal["different", "tied", "open"] = "open"
    more_questions: int = 0


class Stage(Record):
    """The time and tokens of one stage of a pilot.

    `contender` is empty if several contenders share the stage. `part` names what was built or loaded: an index, a tuned
    model or a model, as in `Entrant.parts`.
    """

    stage: str
    contender: str = ""
    part: str = ""
    seconds: float
    tokens: int = 0
    detail: str = ""
