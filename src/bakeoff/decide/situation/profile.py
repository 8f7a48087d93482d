"""The profile: what a team says about its limits, volumes, knowledge, needs, people, prices and weights.

Takes a YAML or JSON file, or plain values. Gives a frozen `Profile`, checked. Knows nothing about contenders' measures.
`profile_keys.py` describes each key.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError, field_validator, model_validator

from bakeoff.catalogue import MADE_OF
from bakeoff.decide.situation.plain_errors import explain, no_numbers
from bakeoff.decide.situation.prices import CURRENCY, own_price
from bakeoff.decide.situation.profile_keys import FixedCost, MeasureWeights, ProfileKeys
from bakeoff.decide.situation.ranges import Days, Ends, assumed_days, checked_days, mean_days
from bakeoff.decide.situation.stakes import Stakes
from bakeoff.errors import ConfigError
from bakeoff.files.did_you_mean import closest
from bakeoff.files.plain_json import plain_json
from bakeoff.files.small import small_text
from bakeoff.files.strict_yaml import check_secrets, reason_of, strict_yaml
from bakeoff.files.unreadable import unreadable
from bakeoff.measure.comparison import Entrant
from bakeoff.measures import IN_DOMAIN
from bakeoff.questions.rows.kinds import KINDS, all_kinds, kind_of
from bakeoff.sentences import kind_of_value

GUIDE = "docs/profile.md"
MOST_BYTES = 1_000_000

LEAST_RATE, MOST_RATE = 1e-9, 1e6
"""What one unit of a foreign currency can be worth in US dollars."""
LEAST_QUERIES, MOST_QUERIES = 1e-9, 1e12
"""What the questions of the last month may be. Fewer are none, and costs per question are divided by them."""
DAYS_OF_WORK = {"setup_days": "setup", "data_days": "data", "upkeep_days_per_month": "upkeep_per_month"}
"""The profile's tables of days, each with the field of `Entrant.days` used for names that the table lacks."""


class Profile(ProfileKeys):
    """A team's situation. None means 'no limit' or 'not known'."""

    @model_validator(mode="before")
    @classmethod
    def _no_other_number_than_was_meant(cls, values: Any) -> Any:
        """Refuse true, false and texts such as "1.500" where a number is expected, at every depth."""
        found = list(no_numbers(cls, values)) if isinstance(values, Mapping) else []
        if found:
            raise ValueError("; ".join(found))
        return values

    @field_validator("prices", mode="before")
    @classmethod
    def _prices_are_known(cls, prices: Any) -> Any:
        if not isinstance(prices, Mapping):
            raise ValueError(f"give prices by name, for instance {{machine_hour: 0.25}}, not {prices!r}")
        return {str(name): own_price(str(name), value) for name, value in prices.items()}

    @field_validator(*DAYS_OF_WORK, mode="before")
    @classmethod
    def _days_are_numbers_or_ranges(cls, table: Any) -> Any:
        if not isinstance(table, Mapping):
            raise ValueError(f"give days by contender or recipe, as in {{rag: 5}} or {{rag: [5, 12]}}, not {table!r}")
        return {name: checked_days(str(name), days) for name, days in table.items()}

    @field_validator("factor_weights")
    @classmethod
    def _factor_weights_are_not_negative(cls, weights: dict[str, float]) -> dict[str, float]:
        for name, weight in weights.items():
            if weight < 0:
                raise ValueError(f"'{name}' is {weight:g}: a weight is 0 (leave out) or more")
        return weights

    @field_validator("slice_weights")
    @classmethod
    def _slice_weights_are_known(cls, weights: dict[str, float]) -> dict[str, float]:
        for name in weights:
            if name not in IN_DOMAIN:
                raise ValueError(f"'{name}' is not a slice that counts: give weights to {', '.join(IN_DOMAIN)}")
        if weights and not sum(weights.values()):
            raise ValueError("the weights sum to zero: give at least one slice a weight above 0")
        return weights

    @field_validator("usd_per")
    @classmethod
    def _rates_are_positive(cls, rates: dict[str, float]) -> dict[str, float]:
        for currency, rate in rates.items():
            if not re.fullmatch("[A-Z]{3}", currency) or currency == CURRENCY or not LEAST_RATE <= rate <= MOST_RATE:
                raise ValueError(
                    f"'{currency}: {rate:g}': give what one unit of a foreign currency is worth in {CURRENCY}, from "
                    f"{LEAST_RATE:g} to {MOST_RATE:,.0f}, as in EUR: 1.10"
                )
        return rates

    @model_validator(mode="after")
    def _nothing_contradicts(self) -> "Profile":
        for name, price in self.prices.items():
            if price.currency != CURRENCY and price.currency not in self.usd_per:
                raise ValueError(
                    f"the price '{name}' is in {price.currency}: state the exchange rate, "
                    f"usd_per: {{{price.currency}: 1.10}}"
                )
        self._check_value()
        self._check_place()
        self._check_growth()
        return self

    def _check_growth(self) -> None:
        """Raise ValueError if the growth, month after month, leads to a volume that no figure can be meant for."""
        last = self.queries_per_month * (1 + self.growth_per_month) ** (self.horizon_months - 1)
        if not LEAST_QUERIES <= last <= MOST_QUERIES:
            raise ValueError(
                f"growth_per_month: {self.growth_per_month:g} over horizon_months: {self.horizon_months} leads from "
                f"{self.queries_per_month:g} questions in the first month to {last:.3g} in the last: allowed are "
                f"{LEAST_QUERIES:g} to {MOST_QUERIES:g}. Give a growth nearer to 0 or a shorter horizon"
            )

    def _check_place(self) -> None:
        """Raise ValueError if questions or documents go to an API that the limits forbid."""
        limits = [limit for limit in ("must_run_offline", "privacy_on_premises") if getattr(self, limit)]
        places = {key: getattr(self, key) for key in ("answers_on", "training_on") if getattr(self, key) == "api"}
        models = {key: getattr(self, key) for key in ("api_model", "api_tuned_model") if getattr(self, key)}
        for limit in limits:
            for key, value in (places | models).items():
                raise ValueError(f"'{limit}: true' and '{key}: {value}' contradict each other: change one of them")

    def _check_value(self) -> None:
        """Raise ValueError if the value has no exchange rate, an unknown slice or kind, or amounts that contradict."""
        value = self.value
        if value is None:
            return
        if value.currency != CURRENCY and value.currency not in self.usd_per:
            raise ValueError(
                f"'value' is in {value.currency}: state the exchange rate, usd_per: {{{value.currency}: 1.10}}"
            )
        for name in value.by_slice:
            if name not in IN_DOMAIN:
                raise ValueError(f"value.by_slice: '{name}' is not a slice that counts: use {', '.join(IN_DOMAIN)}")
        for name in value.by_kind:
            if name not in KINDS:
                raise ValueError(f"value.by_kind: {_unknown_kind(name)}")
        value.check_declining(self.wrong_answer_penalty)
        stakes = value.stakes(self.wrong_answer_penalty)
        states_penalty = self.wrong_answer_penalty != type(self).model_fields["wrong_answer_penalty"].default
        if states_penalty and not math.isclose(stakes.wrong, self.wrong_answer_penalty * stakes.right, rel_tol=0.01):
            raise ValueError(
                f"a wrong answer costs {stakes.wrong / stakes.right:g} right ones by 'value', and "
                f"{self.wrong_answer_penalty:g} by 'wrong_answer_penalty': leave one of them out"
            )

    @property
    def penalty(self) -> float:
        """What a wrong answer costs, where a correct one earns 1: from `value` if it is given."""
        if self.value is None:
            return self.wrong_answer_penalty
        stakes = self.value.stakes(self.wrong_answer_penalty)
        return stakes.wrong / stakes.right

    @property
    def utility(self) -> Stakes:
        """What a question is worth in right answers: 1 if right, less what a wrong or declined one costs."""
        if self.value is None:
            return Stakes(1.0, self.wrong_answer_penalty, 0.0)
        stakes = self.value.stakes(self.wrong_answer_penalty)
        return stakes.times(1 / stakes.right)

    @property
    def stakes_usd(self) -> Stakes | None:
        """What a question is worth in US dollars; None if the profile does not say."""
        if self.value is None:
            return None
        return self.value.stakes(self.wrong_answer_penalty).times(self.usd_of(self.value.currency))

    @property
    def has_today(self) -> bool:
        """Whether the profile describes today's process: by its answers or by its cost."""
        return self.value is not None and self.value.today.is_given

    def usd_of(self, currency: str) -> float:
        """What one unit of a currency is worth in US dollars."""
        return 1.0 if currency == CURRENCY else self.usd_per[currency]

    def own_days(self, table: str, entrant: Entrant) -> Days | None:
        """The profile's own entry for a contender or its recipe in one of the tables of days; None if it has none.

        `table` is 'setup_days', 'data_days' or 'upkeep_days_per_month'.
        """
        days: dict[str, Days] = getattr(self, table)
        return days.get(entrant.name, days.get(entrant.recipe))

    def days(self, table: str, entrant: Entrant) -> float:
        """A contender's mean days of work: the profile's own entry, or the default of its recipe.

        The default is at least what the profile says of a contender that it is made of.
        """
        own = self.own_days(table, entrant)
        return self._assumed(table, entrant)[0] if own is None else mean_days(own)

    def day_range(self, table: str, entrant: Entrant) -> Ends | None:
        """The range of a contender's days of work: the profile's own, or that of assumed days; None if it has none."""
        own = self.own_days(table, entrant)
        ends = self._assumed(table, entrant)[1] if own is None else own
        return ends if isinstance(ends, tuple) and ends[1] else None

    def _assumed(self, table: str, entrant: Entrant) -> tuple[float, Ends]:
        """Mean and range of days that the profile does not give, by the recipe and by what it says of its parts."""
        given: dict[str, Days] = getattr(self, table)
        default = float(getattr(entrant.days, DAYS_OF_WORK[table]))
        return assumed_days(default, [given[part] for part in parts_of(entrant) if part in given])

    def fixed_cost(self, entrant: Entrant) -> FixedCost:
        """What the team knows of a contender's cost."""
        return self.fixed.get(entrant.name, self.fixed.get(entrant.recipe, FixedCost()))

    def unknown_names(self, entrants: Iterable[Entrant]) -> dict[str, list[str]]:
        """The names that are no contender or recipe of these entrants: in 'days of work' and in 'fixed amounts'."""
        known = {name for entrant in entrants for name in (entrant.name, entrant.recipe)}
        found = {}
        for what, tables in (("days of work", tuple(DAYS_OF_WORK)), ("fixed amounts", ("fixed",))):
            named = dict.fromkeys(name for table in tables for name in getattr(self, table))
            found[what] = [name for name in named if name not in known]
        return {what: names for what, names in found.items() if names}


def _unknown_kind(name: str) -> str:
    """That a kind of question is not known, with the one that was probably meant, and all that can be used."""
    meant = kind_of(name) or closest(name, KINDS)
    asked = f" (did you mean '{meant}'?)" if meant else ""
    return f"'{name}' is not a kind of question{asked}: use {all_kinds()}"


def parts_of(entrant: Entrant) -> tuple[str, ...]:
    """The recipes or contenders whose work a contender needs: what it is made of, and those it sends questions to."""
    return (*MADE_OF.get(entrant.recipe, ()), *entrant.behind)


def read_profile(path: Path) -> Profile:
    """Read the profile from a YAML or JSON file. An empty file gives the default profile.

    Raises ConfigError if the file cannot be read, is not a mapping, or has an unknown key or an invalid value. The
    message names all of them.
    """
    try:
        text = small_text(path, MOST_BYTES)
        loaded = plain_json(text) if path.suffix.lower() == ".json" else strict_yaml(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(*unreadable(f"Cannot read the profile {path}", error, f"see {GUIDE}")) from error
    except (yaml.YAMLError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, yaml.YAMLError) else " ".join(str(error).split())
        raise ConfigError(f"{path} is not YAML or JSON: {reason}.", "fix the line") from None
    if loaded is None:
        return Profile()
    if not isinstance(loaded, dict):
        raise ConfigError(f"{path} holds {kind_of_value(loaded)}, not keys with values.", f"see {GUIDE}")
    if set(loaded) == {"profile"}:
        raise ConfigError(
            f"{path} has the key 'profile', as in bakeoff.yaml.", "write the profile's own keys at the top of this file"
        )
    check_secrets(loaded, path)
    return validate_profile(loaded, str(path))


def validate_profile(values: Mapping[str, Any], origin: str = "the profile") -> Profile:
    """A Profile from plain values. Raises ConfigError naming each bad key, the value found and what is allowed."""
    try:
        return Profile.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(explain(Profile, item) for item in error.errors())
        raise ConfigError(f"{origin}: {problems}.", f"see {GUIDE} for every key") from None


def check_entrants(profile: Profile, entrants: Sequence[Entrant]) -> None:
    """Raise ConfigError if the profile gives days or amounts for a name that is none of these contenders or recipes."""
    known = sorted({name for entrant in entrants for name in (entrant.name, entrant.recipe)})
    for what, names in profile.unknown_names(entrants).items():
        raise _unknown(what, "contender or recipe", names[0], known)


def check_misspelt(profile: Profile, entrants: Sequence[Entrant]) -> None:
    """Raise ConfigError if the profile gives days or amounts for a name that is nearly one of these."""
    known = sorted({name for entrant in entrants for name in (entrant.name, entrant.recipe)})
    for what, names in profile.unknown_names(entrants).items():
        for name in names:
            if closest(name, known):
                raise _unknown(what, "contender or recipe", name, known)


def check_names(profile: Profile, entrants: Sequence[Entrant], measures: Iterable[str] = ()) -> None:
    """Raise ConfigError if the profile names a contender, a recipe or a measure that a run does not have.

    `entrants` are the run's contenders and Bakeoff's own recipes. `measures` are the team's own measures in the run.
    """
    check_entrants(profile, entrants)
    weighted = [*MeasureWeights.model_fields, *measures]
    for name in profile.measure_weights.by_measure():
        if name not in weighted:
            raise _unknown("measure_weights", "measure of this run", name, weighted)


def _unknown(where: str, noun: str, name: str, known: Sequence[str]) -> ConfigError:
    close = closest(name, known)
    remedy = f"did you mean '{close}'?" if close else f"choose among {', '.join(known)}"
    return ConfigError(f"The profile, {where}: '{name}' is not a {noun}.", remedy)
