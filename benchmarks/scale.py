"""How long comparing and judging a large pilot takes, and how much memory: ten contenders, eight measures.

    python benchmarks/scale.py [--questions 2500 10000 40000]

The answers and scores are made up; each size runs in a process of its own. Processor seconds, one thread. Linux only:
the peak memory is read from /proc.
"""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.statistics.scale import CONTENDERS, measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, nargs="+", default=[2500, 10_000, 40_000])
    for n_questions in parser.parse_args().questions:
        with tempfile.TemporaryDirectory() as folder:
            took = measured(Path(folder), n_questions)
        print(
            f"{len(CONTENDERS)} contenders, {n_questions:,} questions: {took.seconds:.1f} s, "
            f"{took.peak_bytes / 2**20:,.0f} MiB at most; {took.winner} wins"
        )


if __name__ == "__main__":
    main()
