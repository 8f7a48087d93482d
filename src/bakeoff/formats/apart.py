"""Parses a file in a process of its own: `parse` with limits of time and memory, whatever the file does.

Takes a name and bytes, gives parts. What cannot hurt, such as a file without bytes, is not sent there.
"""

from bakeoff.apart.process import call
from bakeoff.errors import InputError
from bakeoff.formats.parse import check_readable, parse
from bakeoff.formats.part import Parsed, UnclearAccessError, UnreadableError, problem_of


def parse_apart(name: str, content: bytes) -> Parsed:
    """As `parse.parse`. Raises UnreadableError also if the file takes too much, or makes its parser fail."""
    check_readable(name, content)
    try:
        parsed, also = call(f"{__name__}:as_json", name, content)
    except InputError as error:
        raise UnreadableError(error.message, error.remedy) from error
    read = Parsed.model_validate_json(parsed)
    for one in read.problems:
        if one.withdraws and one.source == name and not read.parts:
            raise UnclearAccessError(one.reason, one.remedy)
    named = (one.model_copy(update={"also": tuple(names)}) for one, names in zip(read.problems, also, strict=True))
    return read.model_copy(update={"problems": tuple(named)})


def as_json(name: str, content: bytes) -> tuple[str, list[tuple[str, ...]]]:
    """What the other process does: the parsed file, and what its problems are also about, which JSON leaves out."""
    try:
        parsed = parse(name, content)
    except UnclearAccessError as error:  # of its kind, its words alone would come back
        parsed = Parsed(parts=(), problems=(problem_of(name, error),))
    return parsed.model_dump_json(), [problem.also for problem in parsed.problems]
