"""What was not read, in lines for people: many files with one reason are one line, so that the others are seen.

Takes problems, gives lines. Each file is named in data.json.
"""

from collections.abc import Iterable

from bakeoff.records import Problem
from bakeoff.sentences import SHOWN, first_few


def problem_lines(problems: Iterable[Problem]) -> list[str]:
    """A line for each problem, those with one reason together; for a reason of more than five, one line in all.

    >>> problem_lines(Problem(source=f"{n}.1", reason="files ending in '.1' are not read") for n in range(7))
    ["not read: 7 files (0.1, 1.1, 2.1, 3.1, 4.1 and 2 more): files ending in '.1' are not read"]
    """
    alike: dict[tuple[bool, str], list[Problem]] = {}
    for problem in problems:
        alike.setdefault((problem.is_read, problem.reason), []).append(problem)
    lines = []
    for (is_read, reason), those in alike.items():
        if len(those) <= SHOWN:
            lines += [problem.line for problem in those]
        else:
            kind, names = "check" if is_read else "not read", first_few([problem.source for problem in those])
            lines.append(f"{kind}: {len(those):,} files ({names}): {reason}")
    return lines
