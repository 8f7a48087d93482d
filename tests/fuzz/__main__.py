"""python -m tests.fuzz: see the package."""

import argparse
import gc
import os
import sys
import time
from types import FunctionType

from tests.fuzz.fuzzing import Fuzzed, Fuzzing, fuzzed
from tests.fuzz.targets import TARGETS

MOST_MEGABYTES = 2048


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--minutes", type=float, default=1.0, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=sorted(TARGETS), metavar="TARGET")
    parser.add_argument("--coverage", action="store_true", help="one target by atheris, guided by the code it reaches")
    asked = parser.parse_args()
    _limit()
    names = asked.only or sorted(TARGETS)
    if asked.coverage:
        _by_coverage(names[0], 60 * asked.minutes, asked.seed)
        return
    n_found = 0
    sys.stdout.write("| target | given | refused | slowest | found |\n|---|---|---|---|---|\n")
    for name in names:
        n_found += _told(name, fuzzed(TARGETS[name], 60 * asked.minutes, 1000 * asked.seed))
    sys.exit(bool(n_found))


def _told(name: str, done: Fuzzed) -> int:
    found = f"{len(done.findings)}"
    sys.stdout.write(f"| {name} | {done.n_given:,} | {done.n_refused:,} | {done.slowest_s:.2f} s | {found} |\n")
    for one in done.findings:
        sys.stdout.write(f"\n{one.kind}\ngiven: {one.given[:400]}\n{one.trace[-1800:]}\n")
    sys.stdout.flush()
    return len(done.findings)


def _by_coverage(name: str, seconds: float, seed: int) -> None:
    """Guided by what Bakeoff's own functions reach. Atheris never returns, so the process ends in the last call."""
    import atheris
    from hypothesis import HealthCheck, given, settings

    for one in gc.get_objects():
        if isinstance(one, FunctionType) and (one.__module__ or "").partition(".")[0] == "bakeoff":
            atheris.instrument_func(one)
    fuzzing, end = Fuzzing(TARGETS[name]), time.monotonic() + seconds

    @settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(TARGETS[name].given)
    def take(value: object) -> None:
        fuzzing.take(value)

    def once(content: bytes) -> None:
        if time.monotonic() > end:
            os._exit(bool(_told(f"{name} (coverage)", fuzzing.outcome())))
        take.hypothesis.fuzz_one_input(content)

    atheris.Setup([sys.argv[0], f"-seed={seed}", "-max_len=4096", "-rss_limit_mb=0", "-timeout=60"], once)
    atheris.Fuzz()


def _limit() -> None:
    """No more memory than this, where the system can: an explosion is a MemoryError, which is told."""
    try:
        import resource
    except ImportError:
        return
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEGABYTES * 2**20,) * 2)


if __name__ == "__main__":
    main()
