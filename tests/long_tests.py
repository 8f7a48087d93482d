"""Which tests are left out of `make test`, since they take long: `make test-all` has them too.

`python -m tests.long_tests test-all.*.xml` writes `long_tests.txt` from what `make test-all` measured (JUnit's XML).
What was not measured stays in the list. Takes names of tests and seconds. Imports no test.
"""

import argparse
import re
import xml.etree.ElementTree
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

LIST = Path(__file__).with_name("long_tests.txt")
LONG_S, LONG_WHOLE_S = 5.0, 10.0
"""Seconds of a test of a part, and of the whole, on two processors that are busy with other tests. It is about half of
that on a quiet machine.
"""
OF_PARTS = ("src/", "tests/unit/", "tests/contracts/")
LONG_FILES = ("tests/end_to_end/test_real_models.py", "tests/end_to_end/test_tutorial.py")
"""Whose fixtures take minutes: the first test that runs pays for them."""
LONGEST_S = 15.0
"""Of a test with several cases the quickest stays, if it takes no more than this."""
ALWAYS = ("tests/torture/", "tests/fuzz/", "tests/reference/")
"""What stays whole: the short form of each promise, and figures that others have published."""


def long_tests() -> frozenset[str]:
    """The names in the list."""
    return frozenset(line for line in LIST.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))


def chosen(seconds: Mapping[str, float]) -> list[str]:
    """Those of these tests that are left out, by how long each takes."""
    cases = defaultdict[str, list[str]](list)
    for name in seconds:
        cases[function_of(name)].append(name)
    left_out: list[str] = []
    for names in cases.values():
        long = sorted((name for name in names if _is_long(name, seconds[name])), key=lambda name: seconds[name])
        has_cases = len(names) > 1
        quickest_stays = has_cases and len(long) == len(names) and seconds[long[0]] <= LONGEST_S
        left_out += long[1:] if quickest_stays else long
    return sorted(name for name in left_out if not name.startswith(ALWAYS))


def _is_long(name: str, seconds: float) -> bool:
    return seconds > (LONG_S if name.startswith(OF_PARTS) else LONG_WHOLE_S)


def is_long(name: str, listed: frozenset[str]) -> bool:
    """Whether a test is left out: it is in the list, or its file is one of LONG_FILES."""
    return name in listed or name.startswith(LONG_FILES)


def function_of(name: str) -> str:
    """The name without the case: `a.py::test_b[c]` is `a.py::test_b`."""
    return re.sub(r"\[.*", "", name, flags=re.DOTALL)


def _measured(path: Path) -> Iterator[tuple[str, float]]:
    for case in xml.etree.ElementTree.parse(path).iter("testcase"):
        module, name = case.get("classname", ""), case.get("name", "")
        if module.startswith("tests."):
            yield f"{_node(module)}::{name}", float(case.get("time", 0))


def _node(module: str) -> str:
    """`tests.unit.test_a.TestB` is `tests/unit/test_a.py::TestB`."""
    folders, file, classes = re.fullmatch(r"(.*?\.)(test_\w+)((?:\.\w+)*)", module).groups()
    return f"{folders.replace('.', '/')}{file}.py{classes.replace('.', '::')}"


def write_from(measured: Iterable[Path]) -> None:
    """Replaces what the list says of the tests in these files of JUnit's."""
    seconds = {name: s for path in measured for name, s in _measured(path)}
    head = "# Left out of `make test`: see tests/long_tests.py, which writes this file."
    names = {name for name in long_tests() if name not in seconds} | set(chosen(seconds))
    LIST.write_text("\n".join([head, *sorted(names)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write tests/long_tests.txt from JUnit's XML.")
    parser.add_argument("xml", type=Path, nargs="+", help="what pytest --junit-xml wrote")
    write_from(parser.parse_args().xml)
