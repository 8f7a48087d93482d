"""DSPy: a program as a contender.

Takes the program, gives an adapter. The answer and the passages are fields of the prediction. Tokens are those that
DSPy's own tracking of usage reports.
"""

from typing import Any

from bakeoff.contenders.frameworks.wrapped import BuiltFrom, Said, Wrapped, refuse_others
from bakeoff.contenders.reply_citations import LISTS, sources_in
from bakeoff.errors import ContenderError

ANSWERS = ("answer", "response", "output", "text")
PASSAGES = ("passages", *LISTS)


def from_program(
    program: Any = None,
    *,
    built_from: BuiltFrom | None = None,
    input_field: str = "question",
    answer_field: str = "",
) -> Wrapped:
    """A contender around a program, which gets the question as `input_field`. Raises ConfigError for no callable."""
    refuse_others(program, "__call__", "a program")
    return Wrapped(lambda own, text: _said(own, {input_field: text}, answer_field), program, built_from)


def _said(program: Any, given: dict[str, str], answer_field: str) -> Said:
    import dspy

    with dspy.context(track_usage=True):
        prediction = program(**given)
    fields = dict(prediction.items())
    name = next((name for name in ([answer_field] if answer_field else ANSWERS) if name in fields), None)
    if name is None:
        raise ContenderError(
            f"The prediction has the fields {', '.join(fields)}, none of which is known for an answer.",
            "name the one with the answer: from_program(program, answer_field=FIELD)",
        )
    cited = next((found for key in PASSAGES if (found := sources_in(fields.get(key)))), [])
    used = (prediction.get_lm_usage() or {}).values()
    tokens = (sum(one.get(key) or 0 for one in used) for key in ("prompt_tokens", "completion_tokens"))
    return Said(str(fields[name] or ""), cited, *tokens)
