"""Laws of the literature about tuning and retrieval, each in miniature: was its direction seen here?

    python benchmarks/laws.py FOLDER                      # runs the laws that need trainings (1, 3, 4, 5, 6)
    python benchmarks/laws.py FOLDER --law 1 --law 6      # only these
    python benchmarks/laws.py FOLDER --run RUN            # law 2 too, from a finished run of the example
    python benchmarks/laws.py FOLDER --run RUN --retrieval F      # law 7 too, from the folder of tuned_retrieval.py
    python benchmarks/laws.py FOLDER --print              # what is there, as the tables of docs/results/laws.md

The trainings are tiny: SmolLM2-135M-Instruct, LoRA of rank 8, one pass over some hundred examples about people who do
not exist (`law_trials/world.py`). Each law's graded answers are kept in FOLDER as JSONL; a law that is there is not run
again, and a killed training goes on. What a law claims, and when it counts as reproduced, stands in
`law_trials/literature.py` and `law_trials/rule.py`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from law_trials import finished, trained
from law_trials.literature import LAWS
from law_trials.retrieval import retrieval as retrieved
from law_trials.rule import Outcome, Seen, mean, overall, seen
from printed_tables import header, line

from bakeoff.files import jsonl

TRIALS = {
    1: trained.paraphrases,
    3: trained.distractors,
    4: trained.forgetting,
    5: trained.new_facts,
    6: trained.popularity,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--law", type=int, action="append", choices=sorted(LAWS), help="only this one; several times")
    parser.add_argument("--run", type=Path, help="a finished run with base, tuned, rag and hybrid, for law 2")
    parser.add_argument("--retrieval", type=Path, help="the folder of tuned_retrieval.py, for law 7 with --run")
    parser.add_argument("--seed", type=int, default=0, help="other people and another training; in a folder of its own")
    parser.add_argument("--print", action="store_true", dest="only_print")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    for number in [] if chosen.only_print else chosen.law or sorted(LAWS):
        run_law(number, chosen.folder, chosen.run, chosen.retrieval, chosen.seed)
    print_tables(chosen.folder)


def run_law(number: int, folder: Path, run: Path | None, retrieval: Path | None, seed: int) -> None:
    """Writes the graded answers of one law, unless they are there or what it is read from was not given."""
    path = path_of(number, folder)
    if path.exists():
        return
    if number in TRIALS:
        outcomes = TRIALS[number](folder / "models", seed)
    elif number == 2 and run is not None:
        outcomes = finished.contenders(run)
    elif number == 7 and run is not None and retrieval is not None:
        outcomes = retrieved(run, retrieval)
    else:
        return
    jsonl.write(path, outcomes)


def path_of(number: int, folder: Path) -> Path:
    """Where the graded answers of a law are."""
    return folder / f"law-{number}.jsonl"


def print_tables(folder: Path) -> None:
    """The finding of each law, its comparisons, and the mean of every arm."""
    outcomes = {number: jsonl.read(path_of(number, folder), Outcome) for number in _done(folder)}
    found = {number: seen_of(number, answers) for number, answers in outcomes.items()}
    header("law", "says", "source", "here")
    for number, law in LAWS.items():
        line(number, law.says, law.source, overall([one.finding for one in found.get(number, ()) if one.decides]))
    header("law", "comparison", "difference", "95 % interval", "units", "finding")
    for number, comparisons in found.items():
        for one in comparisons:
            line(number, *_cells(one))
    header("law", "arm", "answers", "mean")
    for number, answers in outcomes.items():
        for arm in dict.fromkeys(outcome.arm for outcome in answers):
            line(number, arm, sum(outcome.arm == arm for outcome in answers), mean(arm, answers))


def seen_of(number: int, outcomes: Sequence[Outcome]) -> list[Seen]:
    """What the answers say about each comparison of a law; one that does not decide may be missing."""
    arms = {outcome.arm for outcome in outcomes}
    return [seen(one, outcomes) for one in LAWS[number].comparisons if one.decides or set(one.weights) <= arms]


def _done(folder: Path) -> Sequence[int]:
    return [number for number in LAWS if path_of(number, folder).exists()]


def _cells(one: Seen) -> tuple[str, ...]:
    found = one.finding if one.decides else "(does not decide)"
    return one.says, f"{one.value:+.3f}", f"{one.low:+.3f} to {one.high:+.3f}", str(one.n_units), found


if __name__ == "__main__":
    main()
