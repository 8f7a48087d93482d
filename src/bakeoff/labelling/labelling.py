"""One person's work on the labels of a run: which answer comes next, what was labelled, and how far they are.

Takes a run folder and the labeller's name. Everything is in files, so the work can stop at any time, and several people
or windows can work on the same run. The first answers, drawn at random, are labelled by every labeller, so that their
agreement can be measured; the others by the one who comes first. Knows no page and no spreadsheet.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple

from bakeoff.errors import InputError
from bakeoff.labelling.design import ids_of, labelling_units
from bakeoff.measure.labels import Label, LabelVerdict, Unit, latest
from bakeoff.measure.sampling import N_RANDOM
from bakeoff.measure.units import GradedUnit
from bakeoff.pilot.judge_answers import standing
from bakeoff.runs.folder import RunFolder
from bakeoff.runs.labels import append_labels, labels_of, read_labels, read_weights

MOST_NAME, MOST_NOTE = 60, 2000
LONGEST_S = 24 * 3600.0


class Progress(NamedTuple):
    """How far the labels are. `labelled`: answers with a label of anybody; `mine`: those of this labeller.

    `random_labelled` of the first `n_random` answers, which were drawn at random, have a label of this labeller.
    `others` are the other labellers. `disputed` answers have different verdicts of two labellers.
    """

    total: int
    labelled: int
    mine: int
    n_random: int
    random_labelled: int
    disputed: int
    others: tuple[str, ...]


class Labelling:
    """Threads can share it. Raises the errors of `labelling_units`, and RunFolderError for a broken labels.jsonl."""

    def __init__(self, folder: RunFolder, labeller: str) -> None:
        self.folder = folder
        self.labeller = checked_name(labeller)
        self.by_id: Mapping[str, GradedUnit] = ids_of(labelling_units(folder))
        self._ids = {graded.unit: id for id, graded in self.by_id.items()}
        self._weighted = read_weights(folder).keys()
        self.judge = standing(folder, labels_of(folder).chances)
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._latest: dict[tuple[Unit, str], Label] = {}
        self.labels()

    def labels(self) -> dict[tuple[Unit, str], Label]:
        """The last label of each labeller for each unit. Reads the file again if another process added some."""
        with self._lock:
            path = self.folder.labels_path
            now = (path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else None
            if now != self._seen or now is None:
                labels = read_labels(path, self._weighted)
                self._latest = latest(label for label in labels if label.unit in self._ids)
                self._seen = now
            return self._latest

    def add(self, *labels: Label) -> None:
        """Writes labels, all or none, and returns when they are on the disk. They replace earlier ones of the same."""
        append_labels(self.folder.labels_path, labels)

    def label(self, id: str, verdict: LabelVerdict, note: str = "", seconds: float | None = None) -> Label:
        """This labeller's verdict on the answer with this id, not yet written.

        Raises InputError for an unknown id or a note that is too long.
        """
        graded = self.graded(id)
        if len(note) > MOST_NOTE:
            raise InputError(f"The note has {len(note):,} characters.", f"write at most {MOST_NOTE:,}")
        return Label(
            **graded.unit._asdict(),
            verdict=verdict,
            labeller=self.labeller,
            at=datetime.now(UTC),
            seconds=seconds if seconds is not None and 0 <= seconds <= LONGEST_S else None,
            note=note.strip(),
        )

    def graded(self, id: str) -> GradedUnit:
        """The unit with this id. Raises InputError if this run has none."""
        if id not in self.by_id:
            raise InputError(f"This run has no answer with the id '{id[:40]}'.", "load the page again")
        return self.by_id[id]

    def mine(self, id: str) -> Label | None:
        """This labeller's label for the answer."""
        return self.labels().get((self.graded(id).unit, self.labeller))

    def of_others(self, id: str) -> list[Label]:
        """What other labellers say about the answer."""
        unit = self.graded(id).unit
        return [label for (of, who), label in self.labels().items() if of == unit and who != self.labeller]

    def pending(self, n: int | None = None) -> list[str]:
        """The ids of the next n answers for this labeller (all without n), in order."""
        labels = self.labels()
        by_anybody = {unit for unit, _ in labels}
        waiting = (
            id
            for place, (id, graded) in enumerate(self.by_id.items())
            if (graded.unit, self.labeller) not in labels and (place < N_RANDOM or graded.unit not in by_anybody)
        )
        return list(islice(waiting, n))

    def done(self) -> list[str]:
        """The ids of the answers that this labeller has labelled, the last one at the end."""
        mine = [label for (_, who), label in self.labels().items() if who == self.labeller]
        return [self._ids[label.unit] for label in sorted(mine, key=lambda label: label.at)]

    def disputed(self) -> list[str]:
        """The ids of answers with different verdicts of two labellers, in the order of labelling."""
        return [self._ids[unit] for unit in disputed_units(self.labels().values(), self._ids)]

    def progress(self) -> Progress:
        labels = self.labels()
        random = [graded.unit for graded in list(self.by_id.values())[:N_RANDOM]]
        labellers = dict.fromkeys(who for _, who in labels)
        return Progress(
            total=len(self.by_id),
            labelled=len({unit for unit, _ in labels}),
            mine=sum(who == self.labeller for _, who in labels),
            n_random=len(random),
            random_labelled=sum((unit, self.labeller) in labels for unit in random),
            disputed=len(self.disputed()),
            others=tuple(who for who in labellers if who != self.labeller),
        )


def disputed_units(labels: Iterable[Label], order: Iterable[Unit]) -> list[Unit]:
    """The units whose labellers gave different verdicts, in this order. 'Cannot tell' contradicts nobody."""
    verdicts: dict[Unit, set[str]] = defaultdict(set)
    for label in labels:
        if label.verdict != "unsure":
            verdicts[label.unit].add(label.verdict)
    return [unit for unit in order if len(verdicts[unit]) > 1]


def checked_name(labeller: str) -> str:
    """The name without outer blanks. Raises InputError if nothing is left, or for line breaks and long names."""
    name = labeller.strip()
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise InputError(
            f"{labeller[:80]!r} cannot be the name of a labeller.",
            f"give a name of at most {MOST_NAME} characters: bakeoff label RUN --labeller NAME",
        )
    return name
