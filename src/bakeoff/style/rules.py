"""The rules by which a team says what its style is: a closed set of kinds, each checked by code.

Takes an answer, gives whether it keeps a rule (None where the rule cannot say). Knows nothing about questions, files or
measures.
"""

import re
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from bakeoff.grading.abstention import is_abstention
from bakeoff.models.prompts import DECLINE
from bakeoff.records import Answer, Record
from bakeoff.sentences import one_of
from bakeoff.style.counts import count_sentences
from bakeoff.style.form import is_json, is_list, is_plain
from bakeoff.style.patterns import Pattern, PatternError
from bakeoff.style.reading_level import grade_level
from bakeoff.writing.language import covers, is_known, name_of, shares_of_languages
from bakeoff.writing.words import count_words

NAME = r"[a-z][a-z0-9_]{0,39}"
AppliesTo = Literal["answers", "declines", "all"]
_MARK = re.compile(r"\[(\d{1,4})\]")


def _one_or_many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_one_or_many)]


class Rule(Record):
    """One rule. It is about answers, about declined answers, or about both."""

    name: str = Field(pattern=f"^{NAME}$")
    applies_to: AppliesTo = "answers"

    @property
    def says(self) -> str:
        """The rule in a few words."""
        raise NotImplementedError

    def keeps(self, text: str, n_passages: int = 0) -> bool | None:
        """Whether a text keeps the rule; None if that cannot be said. `n_passages` were shown with it."""
        raise NotImplementedError

    def judge(self, answer: Answer) -> bool | None:
        """Whether an answer keeps the rule; None if the rule is not about it, or cannot say."""
        if self.applies_to == ("answers" if answer.abstained else "declines"):
            return None
        return self.keeps(shown(answer), 0 if answer.abstained else len(answer.citations))


def shown(answer: Answer) -> str:
    """The text that a rule is about: of an answer that was withheld, the sentence that is shown in its place."""
    says_so = answer.text.strip() and is_abstention(answer.text)
    return DECLINE if answer.abstained and not says_so else answer.text.strip()


class _Bounded(Rule):
    """A number with a least and a most, of which one may be missing."""

    least: int | None = Field(default=None, ge=1)
    most: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _has_a_bound(self) -> "_Bounded":
        if self.least is None and self.most is None:
            raise ValueError("give 'least', 'most' or both")
        if self.least is not None and self.most is not None and self.most < self.least:
            raise ValueError(f"'least' is {self.least}, more than 'most', {self.most}")
        return self

    def _within(self, number: int) -> bool:
        return (self.least or 0) <= number and (self.most is None or number <= self.most)

    def _bounds(self, noun: str) -> str:
        if self.least is None:
            return f"at most {self.most} {noun}"
        return f"at least {self.least} {noun}" if self.most is None else f"{self.least} to {self.most} {noun}"


class Words(_Bounded):
    """The number of words."""

    kind: Literal["words"] = "words"

    @property
    def says(self) -> str:
        return self._bounds("words")

    def keeps(self, text: str, n_passages: int = 0) -> bool:
        return self._within(count_words(text))


class Sentences(_Bounded):
    """The number of sentences; each point of a list counts as one."""

    kind: Literal["sentences"] = "sentences"

    @property
    def says(self) -> str:
        return self._bounds("sentences")

    def keeps(self, text: str, n_passages: int = 0) -> bool:
        return self._within(count_sentences(text))


class _Searching(Rule):
    """Looks for one of some texts, or for a regular expression. Capitals count only with `case`."""

    texts: Texts = ()
    pattern: str = ""
    case: bool = False

    @model_validator(mode="after")
    def _is_complete(self) -> "_Searching":
        if bool(self.texts) == bool(self.pattern):
            raise ValueError("give either 'texts' or 'pattern'")
        try:
            _ = self._compiled
        except PatternError as error:
            raise ValueError(f"the pattern {self.pattern!r} cannot be used: {error}") from error
        return self

    @cached_property
    def _compiled(self) -> Pattern | None:
        return Pattern(self.pattern, self.case) if self.pattern else None

    def _finds(self, text: str) -> bool:
        if self._compiled is not None:
            return self._compiled.found_in(text)
        folded = _folded(text, self.case)
        return any(_folded(part, self.case) in folded for part in self.texts)

    @property
    def _sought(self) -> str:
        return f"the pattern {self.pattern}" if self.pattern else _quoted(self.texts)


class Contains(_Searching):
    """Must contain one of some texts, or a match of a regular expression."""

    kind: Literal["contains"] = "contains"

    @property
    def says(self) -> str:
        return f"contains {self._sought}"

    def keeps(self, text: str, n_passages: int = 0) -> bool:
        return self._finds(text)


class Lacks(_Searching):
    """Must contain none of some texts, or no match of a regular expression."""

    kind: Literal["lacks"] = "lacks"

    @property
    def says(self) -> str:
        return f"does not contain {self._sought}"

    def keeps(self, text: str, n_passages: int = 0) -> bool:
        return not self._finds(text)


class _AtAnEnd(Rule):
    texts: Annotated[Texts, Field(min_length=1)]
    case: bool = False


class StartsWith(_AtAnEnd):
    """Must begin with one of some texts."""

    kind: Literal["starts_with"] = "starts_with"

    @property
    def says(self) -> str:
        return f"starts with {_quoted(self.texts)}"

    def keeps(self, text: str, n_passages: int = 0) -> bool:
        return _folded(text, self.case).startswith(tuple(_folded(part, self.case) for part in self.texts))


class EndsWith(_AtAnEnd):
    """Must end with one of some texts."""

    kind: Literal["ends_with"] = "ends_with"

    @property
    def says(self) -> str:
        return f"ends with {_quoted(self.texts)}"

    def keeps(self, text: str, n_passages: int = 0) -> bool:
        return _folded(text, self.case).endswith(tuple(_folded(part, self.case) for part in self.texts))


class Cites(Rule):
    """Must hold marks such as [1]. If passages were shown, only marks of those passages count."""

    kind: Literal["cites"] = "cites"
    least: int = Field(default=1, ge=1)

    @property
    def says(self) -> str:
        return "cites a passage, as in [1]" if self.least == 1 else f"cites {self.least} passages, as in [1] [2]"

    def keeps(self, text: str, n_passages: int = 0) -> bool:
        numbers = {int(number) for number in _MARK.findall(text)}
        return len([n for n in numbers if n >= 1 and (not n_passages or n <= n_passages)]) >= self.least


class PlainText(Rule):
    """Must be plain text, without Markdown."""

    kind: Literal["plain_text"] = "plain_text"

    @property
    def says(self) -> str:
        return "plain text, without Markdown"

    def keeps(self, text: str, n_passages: int = 0) -> bool:
        return is_plain(text)


class PointList(Rule):
    """Must be a list of points; a first line that ends with a colon may lead to it."""

    kind: Literal["list"] = "list"

    @property
    def says(self) -> str:
        return "a list of points"

    def keeps(self, text: str, n_passages: int = 0) -> bool:
        return is_list(text)


class Json(Rule):
    """Must be JSON: an object with these keys, or any object or list."""

    kind: Literal["json"] = "json"
    keys: Texts = ()

    @property
    def says(self) -> str:
        return f"a JSON object with {', '.join(self.keys)}" if self.keys else "a JSON object or list"

    def keeps(self, text: str, n_passages: int = 0) -> bool:
        return is_json(text, self.keys)


class NoWords(Rule):
    """Must not use any of these words or phrases: forms of address, persons, slang. Capitals do not count."""

    kind: Literal["no_words"] = "no_words"
    words: Annotated[Texts, Field(min_length=1)]

    @property
    def says(self) -> str:
        return f"without the words {', '.join(self.words)}"

    @cached_property
    def _any(self) -> re.Pattern[str]:
        longest_first = sorted(self.words, key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)

    def keeps(self, text: str, n_passages: int = 0) -> bool:
        return self._any.search(text) is None


class NoExclamation(Rule):
    """Must not have an exclamation mark, in any script."""

    kind: Literal["no_exclamation"] = "no_exclamation"

    @property
    def says(self) -> str:
        return "without exclamation marks"

    def keeps(self, text: str, n_passages: int = 0) -> bool:
        return not any(sign in text for sign in "!！¡‼❗")


class ReadingLevel(Rule):
    """The Flesch-Kincaid grade level (Kincaid et al. 1975) must not be higher. For English of 10 words or more."""

    kind: Literal["reading_level"] = "reading_level"
    most: float = Field(gt=0, le=30)

    @property
    def says(self) -> str:
        return f"Flesch-Kincaid grade level at most {self.most:g}"

    def keeps(self, text: str, n_passages: int = 0) -> bool | None:
        level = grade_level(text)
        return None if level is None else level <= self.most


class Language(Rule):
    """Must be written in this language (ISO 639-1). Texts of fewer than 40 letters are not judged."""

    kind: Literal["language"] = "language"
    code: str

    @field_validator("code")
    @classmethod
    def _is_known(cls, code: str) -> str:
        if not is_known(code):
            raise ValueError(f"{code!r} is no language that is known here: write its code of ISO 639-1, such as en")
        return code

    @property
    def says(self) -> str:
        return f"written in {name_of(self.code)}"

    def keeps(self, text: str, n_passages: int = 0) -> bool | None:
        shares = shares_of_languages([text])
        return covers([self.code], next(iter(shares))) if shares else None


KINDS: dict[str, type[Rule]] = {
    kind.model_fields["kind"].default: kind
    for kind in (Words, Sentences, Contains, Lacks, StartsWith, EndsWith, Cites, PlainText, PointList, Json, NoWords,
                 NoExclamation, ReadingLevel, Language)
}  # fmt: skip
"""Every kind of rule by the name it has in bakeoff.yaml."""

AnyRule = Annotated[
    Words | Sentences | Contains | Lacks | StartsWith | EndsWith | Cites | PlainText | PointList | Json | NoWords
    | NoExclamation | ReadingLevel | Language,
    Field(discriminator="kind"),
]  # fmt: skip


def _folded(text: str, case: bool) -> str:
    return text if case else text.casefold()


def _quoted(texts: tuple[str, ...]) -> str:
    return one_of(f"“{text}”" for text in texts)
