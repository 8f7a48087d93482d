"""Promise 1: finished results survive. A pilot is killed at random moments, also while it is resumed.

After each kill the answers that are on the disk are read; the next session must leave every one of them as it is. The
model marks each answer, so that one that was lost and asked again shows.
"""

import signal
from pathlib import Path

from tests.end_to_end.small import bakeoff, make
from tests.torture.promise import Promise, Seen, Trial
from tests.torture.runs_compared import Lines, answers, asked, differences, lost, pages
from tests.torture.signalled import Command

UNDISTURBED = "undisturbed"
MODELS = {"generator": "tests.torture.steady.reader", "embedder": "hash"}
CONTENDERS = ("base", "long-context")
"""All of them ask the model, which marks its answers. In full `rag` does so, too: its engine takes seconds to load."""
MOST_RUNS = 12


def trial(told: Trial) -> Seen:
    """Kills, resumes and kills again, until there were enough of each; each run is finished and compared."""
    contenders = [*CONTENDERS, *([] if told.is_short else ["rag"])]
    pilot, chance = make(told.folder / "pilot", contenders=contenders, models=MODELS).parent, told.chance()
    length = Command(pilot, UNDISTURBED, "--fresh").length()
    wanted, broken, n_runs = pilot / "runs" / UNDISTURBED, list[str](), 0
    n_first = n_resumed = n_between = n_answers = 0

    def is_enough() -> bool:
        """Kills of new runs, kills of resumed ones, and kills after which some but not all answers were there."""
        return n_first >= told.times(150, 1) and n_resumed >= told.times(50, 1) and n_between >= told.times(50, 1)

    n_all = sum(map(len, answers(wanted).values()))
    while not is_enough() and n_runs < told.times(100, 1) * MOST_RUNS:
        folder, n_runs = pilot / "runs" / f"killed-{n_runs}", n_runs + 1
        there: Lines = {}
        for argument in ("--fresh", *["--resume"] * chance.randrange(told.times(0, 1), 3)):
            if argument == "--resume" and not folder.exists():
                break
            ended = Command(pilot, folder.name, argument).signalled(signal.SIGKILL, length, chance)
            before, there = there, answers(folder)
            broken += [f"{folder.name}, killed again, lost {line}" for line in lost(before, there)]
            if ended.code == -signal.SIGKILL:
                n_first, n_resumed = n_first + (argument == "--fresh"), n_resumed + (argument == "--resume")
                n_kept = sum(map(len, there.values()))
                n_between, n_answers = n_between + (0 < n_kept < n_all), n_answers + n_kept
        last = bakeoff("run", "--resume" if folder.exists() else "--fresh", "--name", folder.name, cwd=pilot)
        broken += _finished(folder, there, wanted, last.stderr if last.returncode else "")
    broken += [] if is_enough() else [f"{n_between} kills left some answers but not all: too few"]
    figures = (
        f"{n_first + n_resumed} kills, {n_resumed} of them in a resume, {n_between} with some of the {n_all} answers "
        f"there; {n_answers:,} answers were there after kills"
    )
    kept = f"all unchanged at the end of {n_runs} runs, none twice; all reports equal"
    return Seen(f"{figures}, {kept}" if not broken else f"{figures}; {len(broken)} faults", tuple(broken))


def _finished(folder: Path, there: Lines, wanted: Path, error: str) -> list[str]:
    """What is wrong with a run that was resumed to its end, after these answers were there."""
    if error:
        return [f"{folder.name} could not be resumed: {error[-500:]}"]
    found = answers(folder)
    faults = [
        *(f"lost {line}" for line in lost(there, found)),
        *differences(asked(answers(wanted)), asked(found)),
        *differences(pages(wanted), pages(folder)),
    ]
    return [f"{folder.name}: {fault}" for fault in faults]


PROMISES = (Promise(1, "finished results survive", "200 SIGKILLs of a pilot, 50 in a resume: nothing lost", trial),)
