"""`style:` of bakeoff.yaml: a team's rules, and its examples. Knows nothing about answers."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from bakeoff.files.did_you_mean import closest, unknown_of
from bakeoff.records import Record
from bakeoff.style.rules import KINDS, AnyRule

RESERVED = ("examples",)
"""Names that no rule can have: the measure `style_examples` is what a classifier says."""


def _checked(rules: Any) -> Any:
    """The rules as given, once each has a name of its own, a kind, and only keys of its kind."""
    if not isinstance(rules, list | tuple):
        raise ValueError("give a list of rules, each with its keys: - {name: short, kind: words, most: 40}")
    names: list[str] = []
    for number, rule in enumerate(rules, 1):
        if isinstance(rule, Mapping):
            _check(rule, number, names)
            names.append(str(rule["name"]))
        elif not isinstance(rule, Record):
            raise ValueError(f"rule {number} is {rule!r}: give its keys, as in {{name: short, kind: words, most: 40}}")
    return rules


def _check(rule: Mapping[str, Any], number: int, names: Sequence[str]) -> None:
    place = _named(number, rule)
    if not rule.get("name"):
        raise ValueError(f"{place} has no name: give it one of its own, as in 'name: short'")
    if rule["name"] in (*names, *RESERVED):
        raise ValueError(f"{place}: this name is taken; give it another")
    kind = rule.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        meant = closest(str(kind), KINDS) if kind else None
        says = f"has the unknown kind '{kind}'" if kind else "has no kind"
        hint = f" (did you mean '{meant}'?)" if meant else ""
        raise ValueError(f"{place} {says}{hint}; allowed: {', '.join(KINDS)}")
    allowed = list(KINDS[kind].model_fields)
    unknown = next((key for key in rule if key not in allowed), None)
    if unknown is not None:
        raise ValueError(f"{place}: {unknown_of('key', str(unknown), f'a rule of kind {kind}', allowed)}")


def _named(number: int, rule: Mapping[str, Any]) -> str:
    return f"rule {number}" + (f" ('{rule['name']}')" if rule.get("name") else "")


def place_in(rules: Any, place: Sequence[str | int]) -> str:
    """The place of an error in these rules: the rule's number from 1, its name, and the key.

    `place` is the rule's number from 0, its kind, then the key and what is below it.
    """
    number, _, *keys = place
    key = ".".join(map(str, keys))
    return _named(int(number) + 1, rules[number]) + (f", '{key}'" if key else "")


class Style(Record):
    """What a team's style is: rules, a CSV of examples, or both. `embedder` is the model that reads the examples."""

    rules: Annotated[tuple[AnyRule, ...], BeforeValidator(_checked)] = ()
    examples: str | None = None
    embedder: str = "embedder"

    @model_validator(mode="after")
    def _says_something(self) -> "Style":
        if not self.rules and not self.examples:
            raise ValueError("give 'rules', 'examples' or both")
        return self
