"""What answers are worth: a right one, a wrong one, a declined one, and what happens today without a contender.

Takes the profile's `value`, gives money per question. All amounts are compared with nobody answering the question,
which is worth 0. Knows nothing about contenders.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from pydantic import ConfigDict, Field, model_validator

from bakeoff.records import Record

MONEY = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
MOST_MONEY = 1e9
"""The largest amount of money in a profile: beyond it sums lose their digits, and an amount is a slip."""
LEAST_WORTH = 1e-6
"""The smallest worth of a right answer: all other amounts are divided by it."""


class Stakes(NamedTuple):
    """What one question is worth, in units of money or of right answers: gained if right, lost if wrong or declined."""

    right: float
    wrong: float
    declined: float

    @property
    def span(self) -> float:
        """The distance between the best and the worst that an answer can be worth."""
        return self.right + max(self.wrong, self.declined)

    def times(self, factor: float) -> "Stakes":
        return Stakes(*(factor * amount for amount in self))


class HandOver(NamedTuple):
    """Who answers a declined question: their shares of right, wrong and declined answers, and their pay for one.

    `per_question` is in the unit of the stakes.
    """

    shares: Stakes
    per_question: float = 0.0

    @property
    def unpaid(self) -> "HandOver":
        """The same people, for sums in which their pay is a cost."""
        return self._replace(per_question=0.0)

    def after(self, stakes: Stakes) -> Stakes:
        """The stakes with what declining costs in the end; below 0 if it gains something.

        That is the hand-over itself and their pay, less what their answer is worth.
        """
        right, wrong, declined = self.shares
        gained = right * stakes.right - wrong * stakes.wrong - declined * stakes.declined
        return stakes._replace(declined=stakes.declined + self.per_question - gained)


class OwnStakes(Record):
    """Other amounts for one slice or kind of questions. What is not given is as for all questions."""

    model_config = MONEY

    right: float | None = Field(default=None, ge=0, le=MOST_MONEY, description="what a right answer is worth")
    wrong: float | None = Field(default=None, ge=0, le=MOST_MONEY, description="what a wrong answer costs")
    declined: float | None = Field(default=None, ge=0, le=MOST_MONEY, description="what a declined question costs")


class Today(Record):
    """How questions are answered today. Shares are of all questions; what is neither right nor declined is wrong.

    By default nobody answers: nothing is gained and nothing is paid.
    """

    model_config = MONEY

    accuracy: float = Field(default=0.0, ge=0, le=1, description="share of questions answered correctly today")
    declined: float | None = Field(default=None, ge=0, le=1, description="share of questions not answered today")
    per_question: float = Field(default=0.0, ge=0, le=MOST_MONEY, description="what answering a question costs today")
    per_month: float = Field(default=0.0, ge=0, le=MOST_MONEY, description="what today's process costs a month besides")

    @property
    def is_described(self) -> bool:
        """Whether anybody answers today, or questions are declined at a cost. Otherwise a question is worth 0."""
        return bool(self.accuracy) or self.declined is not None

    @property
    def is_given(self) -> bool:
        """Whether doing nothing is something else than nobody answering: today's answers or their costs are given."""
        return self.is_described or bool(self.per_question or self.per_month)

    @property
    def shares(self) -> Stakes:
        """The shares of right, wrong and declined answers. Without any accuracy, nobody answers."""
        declined = self.declined if self.declined is not None else 0.0 if self.accuracy else 1.0
        return Stakes(self.accuracy, 1 - self.accuracy - declined, declined)

    @model_validator(mode="after")
    def _shares_fit(self) -> "Today":
        if self.accuracy + (self.declined or 0.0) > 1 + 1e-9:
            raise ValueError(
                f"accuracy {self.accuracy:g} and declined {self.declined:g} add up to more than 1: they are shares of "
                "the same questions"
            )
        return self


class Value(Record):
    """What answers are worth to the team, in one currency, compared with nobody answering.

    `unanswered` answers one question: what does it cost you when nobody answers? A right answer saves that, so it is
    the default of `right`. `wrong` is by default the profile's `wrong_answer_penalty` times `right`, `declined` 0.
    """

    model_config = MONEY

    currency: str = Field(pattern="^[A-Z]{3}$", description="the currency of all amounts below, such as USD")
    unanswered: float | None = Field(
        default=None,
        gt=0,
        le=MOST_MONEY,
        description="what it costs when nobody answers a question: staff time, a lost sale",
    )
    right: float | None = Field(
        default=None,
        gt=0,
        le=MOST_MONEY,
        description="what a right answer is worth; by default what `unanswered` costs",
    )
    wrong: float | None = Field(
        default=None,
        ge=0,
        le=MOST_MONEY,
        description="what a wrong answer costs; by default `wrong_answer_penalty` times `right`",
    )
    declined: float = Field(
        default=0.0,
        ge=0,
        le=MOST_MONEY,
        description="what a declined question costs besides, such as a hand-over to a person",
    )
    declined_to: Literal["nobody", "today"] = Field(
        default="nobody",
        description="who answers a declined question: nobody, or the people of `today`, who then earn what they earn "
        "today, at `per_question`; all contenders then pay `per_month` too",
    )
    by_slice: dict[str, OwnStakes] = Field(
        default_factory=dict, description="other amounts for a slice of questions: `seen`, `unseen` or `unanswerable`"
    )
    by_kind: dict[str, OwnStakes] = Field(
        default_factory=dict,
        description="other amounts for a kind of question: `numeric`, `date`, `name`, `phrase`, "
        "`yesno`, `list`, `label` or `unanswerable`",
    )
    today: Today = Field(default=Today(), description="how questions are answered today: what doing nothing is worth")

    @model_validator(mode="before")
    @classmethod
    def _has_a_currency(cls, values: Any) -> Any:
        if isinstance(values, Mapping) and "currency" not in values:
            raise ValueError("name the currency of the amounts, as in  value: {currency: USD, unanswered: 4}")
        if not isinstance(values, Mapping | Value):
            raise ValueError(f"{values!r} is not a value: write it as  value: {{currency: USD, unanswered: 4}}")
        return values

    @model_validator(mode="after")
    def _amounts_fit_together(self) -> "Value":
        if self.right is None and self.unanswered is None:
            raise ValueError(
                "give `unanswered` (what it costs when nobody answers) or `right` (a right answer's worth)"
            )
        self._check_not_tiny()
        if self.right is not None and self.unanswered is not None and self.right < self.unanswered:
            raise ValueError(
                f"right {self.right:g} is less than unanswered {self.unanswered:g}: a right answer saves at least what "
                "it costs when nobody answers"
            )
        if self.declined_to == "today" and not self.today.is_described:
            raise ValueError(
                "declined_to is today, but `today` does not say how questions are answered: give it, as in  today: "
                "{accuracy: 0.95, per_question: 6}, or leave declined_to out"
            )
        return self

    def _check_not_tiny(self) -> None:
        for key in ("unanswered", "right"):
            amount = getattr(self, key)
            if amount is not None and amount < LEAST_WORTH:
                raise ValueError(
                    f"{key} is {amount:g}: a right answer is worth at least {LEAST_WORTH:f} {self.currency}"
                )

    def check_declining(self, penalty: float) -> None:
        """Raise ValueError if a wrong answer costs less than a declined one, for all questions or for some."""
        usual, own, to = self.stakes(penalty), {**self.by_slice, **self.by_kind}, self.hand_over()
        named = {"": None, **{f" of '{name}'": amounts for name, amounts in own.items()}}
        handed = " that today's people get" if to else ""
        check = "`wrong`, `declined`, `today` and the penalty" if to else "`wrong`, `declined` and the penalty"
        for where, amounts in named.items():
            stakes = replaced(usual, amounts, to)
            if stakes.wrong < stakes.declined - 1e-9:
                raise ValueError(
                    f"a wrong answer{where} costs {stakes.wrong:g}, less than a declined one{handed}, "
                    f"{stakes.declined:g}: then guessing would always be better than declining; check {check}"
                )

    def stakes(self, penalty: float) -> Stakes:
        """The amounts for a question without own ones, in `currency`. `penalty` is the profile's."""
        right = self.right if self.right is not None else self.unanswered or 0.0
        return Stakes(right, penalty * right if self.wrong is None else self.wrong, self.declined)

    def hand_over(self, unit: float = 1.0) -> HandOver | None:
        """Who answers declined questions, for stakes in units of so much money; None if nobody does."""
        if self.declined_to == "nobody":
            return None
        return HandOver(self.today.shares, self.today.per_question / unit)

    def own(self, part: str, kind: str) -> OwnStakes | None:
        """The amounts of a question's slice or kind; those of its kind count if both have some."""
        return self.by_kind.get(kind) or self.by_slice.get(part)


def replaced(stakes: Stakes, own: OwnStakes | None, to: HandOver | None = None) -> Stakes:
    """The stakes of a group: with the amounts that a slice or kind gives itself, and what declining costs in the end.

    `to` are those who answer declined questions, None if nobody does.
    """
    if own is not None:
        amounts = (own.right, own.wrong, own.declined)
        stakes = Stakes(*(usual if given is None else given for given, usual in zip(amounts, stakes, strict=True)))
    return stakes if to is None else to.after(stakes)


def in_units(own: OwnStakes, right: float) -> OwnStakes:
    """The amounts in units of a right answer that is worth so much."""
    amounts = {key: None if amount is None else amount / right for key, amount in own.model_dump().items()}
    return own.model_copy(update=amounts)  # not validated: these are no amounts of money
