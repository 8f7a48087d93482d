"""Promise 15: bad files stay alone. Hostile documents, question files and mails are read beside good ones."""

import os
import re
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from bakeoff.apart import process
from bakeoff.apart.limits import SECONDS, Limits, limits
from bakeoff.apart.process import PROCESSES
from bakeoff.corpus.chunk import chunk_document
from bakeoff.corpus.sources import folders
from bakeoff.corpus.sources.folders import read_documents
from bakeoff.corpus.sources.mail import MailSource
from bakeoff.errors import InputError
from bakeoff.models.embed import HashEmbedder
from bakeoff.questions.read import read_questions
from tests.hostile import mails
from tests.hostile.files import NAMES, OF_QUESTIONS, hostile_files
from tests.torture.promise import Promise, Seen, Trial

CHUNK_TOKENS = 256
FULL, SHORT = (20_000, 1_000_000, 20_000_000), (3_000, 30_000)
GIBIBYTE = 2**30
GRACE_S = 5.0
"""A busy machine takes this long to end a process."""
TIMES: dict[str, float] = {}
"""How long each file took, by its name."""
CUT: dict[str, float] = {}
"""The seconds of computing to cut each text into passages, which no process of its own does, by its source."""
TEXT = "The kettle {} may be returned within {} days, if it was not used."


def alone(told: Trial) -> Seen:
    """Three quarters are documents, the others question files and mails. In short a file may take 3 s."""
    with mock.patch.dict(os.environ, {SECONDS: "3"} if told.is_short else {}):
        return _tried(told)


def _tried(told: Trial) -> Seen:
    sizes, broken = (SHORT if told.is_short else FULL), list[str]()
    n = told.times(300, 64)
    with _watched() as peaks:
        n_read = _documents(told, n * 3 // 4, sizes, broken)
        n_read += _questions(told, n // 8, sizes, broken)
        n_read += _mails(told, n // 8, sizes, broken)
        PROCESSES.close()
    most = max(peaks.values())
    if most > limits().megabytes * 1.05:
        broken.append(f"a process had {most:.0f} MB")
    slowest = max(TIMES, key=TIMES.__getitem__)
    late = [f"{name} took {seconds:.0f} s" for name, seconds in TIMES.items() if seconds > limits().seconds + GRACE_S]
    late += [
        f"{name} took {seconds:.0f} s of computing to be cut"
        for name, seconds in CUT.items()
        if seconds > limits().seconds
    ]
    figures = (
        f"{n} files: {n_read} had something to read, the others were named; the slowest took {TIMES[slowest]:.1f} s "
        f"({slowest.partition('-')[2]}), the largest process {most:.0f} MB; all good files were read; {len(CUT)} texts "
        f"were cut into passages, the slowest in {max(CUT.values(), default=0.0):.1f} s of computing"
    )
    return Seen(figures, tuple(broken + late))


@contextmanager
def _watched() -> Iterator[dict[int, float]]:
    """The most memory that each process which reads files has had, in MB, by its number.

    The kernel says it of living processes. What it counts of those that have ended (`ru_maxrss`) takes in the memory of
    this one, which started them. So it is asked every 10 ms, and before each is ended.
    """
    peaks, over = dict[int, float](), threading.Event()
    alive = set[int]()

    def look() -> None:
        for pid in sorted(alive):
            try:
                found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
            except OSError:
                found = None
            if found is None:  # it has ended, and its number may be given to another
                alive.discard(pid)
            else:
                peaks[pid] = max(peaks.get(pid, 0.0), int(found[1]) / 1024)

    def look_on() -> None:
        while not over.wait(0.01):
            look()

    class Watched(process._Process):
        def __init__(self, allowed: Limits) -> None:
            super().__init__(allowed)
            alive.add(self._process.pid)

        def end(self) -> None:
            look()
            super().end()

    watcher = threading.Thread(target=look_on)
    watcher.start()
    try:
        with mock.patch.object(process, "_Process", Watched):
            yield peaks
    finally:
        over.set()
        watcher.join()


def _timed(source: str, content: bytes, *more: object) -> folders.Reading:
    begun = time.perf_counter()
    reading = _documents_in(source, content, *more)  # type: ignore[arg-type]
    TIMES[source] = time.perf_counter() - begun
    return reading


_documents_in = folders.documents_in


def _documents(told: Trial, n: int, sizes: tuple[int, ...], broken: list[str]) -> int:
    """Writes them, reads them all, and says how many had something to read."""
    folder = told.folder / "documents"
    folder.mkdir()
    good = {f"good-{i:02}.md": TEXT.format(i, 10 + i) for i in range(20)}
    for name, text in good.items():
        (folder / name).write_text(text, encoding="utf-8")
    names = [*_long_lines(folder, told), *_odd_names(folder)]
    for file in hostile_files(told.seed, n - len(names), sizes):
        (folder / file.name).write_bytes(file.content)
        names.append(file.name)
    with mock.patch.object(folders, "documents_in", _timed):
        reading = read_documents([folder])
    for one in reading.documents:
        begun = time.process_time()
        chunk_document(one, CHUNK_TOKENS, HashEmbedder().count_tokens)
        CUT[one.source] = time.process_time() - begun
    texts = {one.source: one.text for one in reading.documents}
    broken += [f"{name} was not read as it is" for name, text in good.items() if texts.get(name) != text]
    read = {one.partition("#")[0] for one in texts}
    told_of = {one.source.partition("#")[0].partition(",")[0] for one in reading.problems} | read
    broken += [f"{name!r} is not named" for name in names if _shown(name) not in told_of]
    broken += [f"{one.source}: no reason" for one in reading.problems if not one.reason]
    return sum(_shown(name) in read for name in names)


def _long_lines(folder: Path, told: Trial) -> Iterator[str]:
    """Files of one line of a GiB. The first is written; of the others the file system keeps no more than the size."""
    for number, suffix in enumerate((".txt", ".csv", ".jsonl", ".html")):
        path = folder / f"line{suffix}"
        with path.open("wb") as file:
            for _ in range(1024 if number == 0 and not told.is_short else 1):
                file.write(b"x" * 2**20)
            file.truncate(GIBIBYTE)
        yield path.name


def _odd_names(folder: Path) -> Iterator[str]:
    for number, name in enumerate(NAMES):
        try:
            (folder / name).write_text(f"# Odd {number}\n\nWords of its own.\n", encoding="utf-8")
        except OSError:  # the file system has no such names
            continue
        yield name


def _shown(name: str) -> str:
    """How a name is written in a result."""
    if any("\ud800" <= character <= "\udfff" for character in name):
        return os.fsencode(name).decode(errors="replace")
    name = unicodedata.normalize("NFC", name)
    if any(unicodedata.category(character) == "Cc" for character in name):
        return name.encode("unicode_escape").decode()
    return name


def _questions(told: Trial, n: int, sizes: tuple[int, ...], broken: list[str]) -> int:
    """Each is refused by name or has questions; never anything else."""
    n_read = 0
    for file in hostile_files(told.seed + 1, n, sizes, OF_QUESTIONS):
        path = told.folder / file.name
        path.write_bytes(file.content)
        begun = time.perf_counter()
        try:
            n_read += bool(read_questions([path]))
        except InputError as error:
            if path.name not in error.message:
                broken.append(f"the question file {path.name} is not named: {error.message[:200]}")
        TIMES[f"{file.name} as questions"] = time.perf_counter() - begun
        path.unlink()
    return n_read


def _mails(told: Trial, n: int, sizes: tuple[int, ...], broken: list[str]) -> int:
    """An mbox in which every second mail is good, and the same mails as files."""
    folder = told.folder / "mail"
    folder.mkdir()
    box, n_good, hostile = b"", 0, list(hostile_files(told.seed + 2, n, sizes, (".eml",)))
    for number, file in enumerate(hostile):
        good = b"Message-ID: <good%d@example.org>\r\n%b" % (number, mails.GOOD)
        box += b"From a Mon Jan  1 10:00:00 2026\n" + good.replace(b"\r\n", b"\n") + b"\n"
        box += b"From b Mon Jan  1 10:00:00 2026\n" + file.content.replace(b"\r\n", b"\n") + b"\n\n"
        n_good += 1
        (folder / file.name).write_bytes(file.content)
    (folder / "all.mbox").write_bytes(box)
    begun = time.perf_counter()
    changes = MailSource([folder]).changes_since("")
    TIMES["mails, on average"] = (time.perf_counter() - begun) / max(1, 2 * len(hostile))
    read = [one for one in changes.documents if one.source.startswith("good")]
    if len(read) != n_good or not all("thirty days" in one.text for one in read):
        broken.append(f"{len(read)} of {n_good} good mails were read")
    return len({one.source.partition("#")[0] for one in changes.documents}) - n_good


PROMISES = (
    Promise(
        15,
        "bad files stay alone",
        "300 hostile files: named, at most 60 s and 1 GiB each, in a process that can be killed",
        alone,
    ),
)
