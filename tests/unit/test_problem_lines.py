"""Many files with one reason are one line, in which the others are not lost."""

from bakeoff.corpus.problems import problem_lines
from bakeoff.records import Problem


def test_few_files_and_other_reasons_keep_their_own_lines() -> None:
    pages = [Problem(source=f"{n}.1", reason="files ending in '.1' are not read") for n in range(6)]
    broken = Problem(source="a.pdf", reason="it is cut off")
    checked = [Problem(source=f"{n}.txt", reason="is it Latin-1?", is_read=True) for n in range(5)]
    assert problem_lines([*pages[:3], broken, *pages[3:], *checked]) == [
        "not read: 6 files (0.1, 1.1, 2.1, 3.1, 4.1 and 1 more): files ending in '.1' are not read",
        "not read: a.pdf: it is cut off",
        *(f"check: {n}.txt: is it Latin-1?" for n in range(5)),
    ]
    assert problem_lines([]) == []
