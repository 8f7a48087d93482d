"""Commands about a run that can be copied into a shell: its name, and where it lies, in place of RUN.

Texts are kept with RUN, since a run folder can be moved; they are made whole where they are shown.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bakeoff.errors import BakeoffError

RUNS = Path("runs")
_ABOUT_A_RUN = re.compile(r"\b(bakeoff (?:label|judge|report|regrade|ask|serve|export|doctor)) RUN(?![\w-])")


def run_command(command: str, root: Path, rest: str = "") -> str:
    """A command about the run in this folder.

    >>> run_command("label", Path("runs/faq"), "--read a.csv"), run_command("label", Path("../tiny/my faq"))
    ('bakeoff label faq --read a.csv', "bakeoff label 'my faq' --runs ../tiny")
    """
    root = root if root.name else root.resolve()
    usual = root.parent.resolve() == RUNS.resolve()
    where = "" if usual else f"--runs {shlex.quote(str(root.parent))}"
    return " ".join(part for part in ("bakeoff", command, shlex.quote(root.name), where, rest) if part)


def whole(text: str, root: Path) -> str:
    """A text in which the commands about this run can be copied.

    >>> whole("Label them: bakeoff label RUN.", Path("runs/faq"))
    'Label them: bakeoff label faq.'
    """
    return _ABOUT_A_RUN.sub(lambda match: run_command(match[1].removeprefix("bakeoff "), root), text)


def whole_in(value: Any, root: Path) -> Any:
    """The same for all texts in a record, a mapping or a list; keys are left as they are."""
    if isinstance(value, str):
        return whole(value, root) if "RUN" in value else value
    if isinstance(value, Mapping):
        return {key: whole_in(one, root) for key, one in value.items()}
    if type(value) in (list, tuple):
        return type(value)(whole_in(one, root) for one in value)
    if isinstance(value, BaseModel):
        old = {name: getattr(value, name) for name in type(value).model_fields}
        new = {name: whole_in(one, root) for name, one in old.items()}
        changed = {name: one for name, one in new.items() if one != old[name]}
        return value.model_copy(update=changed) if changed else value
    return value


@contextmanager
def whole_errors(root: Path) -> Iterator[None]:
    """Errors within the block name this run, so that their commands can be copied."""
    try:
        yield
    except BakeoffError as error:
        error.message, error.remedy = whole(error.message, root), whole(error.remedy, root)
        raise
