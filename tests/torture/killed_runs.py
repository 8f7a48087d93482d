"""Promise 1: finished results survive. A pilot is killed at random moments, also while it is resumed."""

import json
import signal
from pathlib import Path

from tests.end_to_end.small import bakeoff, make
from tests.torture.promise import Promise, Seen, Trial
from tests.torture.runs_compared import differences, pages
from tests.torture.signalled import Command

UNDISTURBED = "undisturbed"
Answers = set[tuple[str, str, str]]


def trial(told: Trial) -> Seen:
    """Kills, resumes and kills again, until there were enough of both; each run is finished and compared."""
    pilot, chance = make(told.folder / "pilot").parent, told.chance()
    length = Command(pilot, UNDISTURBED, "--fresh").length()
    wanted, n_first, n_resumed, n_runs = pages(pilot, UNDISTURBED), 0, 0, 0
    broken: list[str] = []

    def is_killed(name: str, argument: str) -> bool:
        return Command(pilot, name, argument).signalled(signal.SIGKILL, length, chance).code == -signal.SIGKILL

    while n_first < told.times(150, 3) or n_resumed < told.times(50, 2):
        name, n_runs = f"killed-{n_runs}", n_runs + 1
        folder = pilot / "runs" / name
        n_first += is_killed(name, "--fresh")
        finished = _finished(folder)
        for _ in range(chance.randrange(3) if folder.exists() else 0):
            n_resumed += is_killed(name, "--resume")
            finished |= _finished(folder)
        last = bakeoff("run", "--resume" if folder.exists() else "--fresh", "--name", name, cwd=pilot)
        if last.returncode:
            broken.append(f"{name} could not be resumed: {last.stderr[-500:]}")
            continue
        lost = finished - _finished(folder)
        broken += [f"{name} lost {len(lost)} finished answers"] if lost else []
        broken += [f"{name}, {line}" for line in differences(wanted, pages(pilot, name))]
    figures = f"{n_first + n_resumed} kills, {n_resumed} of them in a resume; {n_runs} runs, all reports equal"
    return Seen(figures if not broken else f"{n_first + n_resumed} kills, {len(broken)} faults", tuple(broken))


def _finished(folder: Path) -> Answers:
    """Each answer that is written to the end: its file, its question and its text."""
    found = set()
    for path in (folder / "answers").glob("*.jsonl"):
        for line in path.read_text().split("\n")[:-1]:
            answer = json.loads(line)
            found.add((path.name, answer["question_id"], answer["text"]))
    return found


PROMISES = (Promise(1, "finished results survive", "200 SIGKILLs of a pilot, 50 in a resume: nothing lost", trial),)
