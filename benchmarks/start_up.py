"""Start-up time of `import bakeoff`, `bakeoff --help`, `bakeoff report` and plain Python: the fastest of several runs.

    python benchmarks/start_up.py [RUN]

Prints seconds and, for each, the time in addition to plain Python. With a finished run folder, also for `bakeoff report
RUN`.
"""

import subprocess
import sys
import time

ROUNDS = 5


def main() -> None:
    """Measures and prints."""
    commands = {
        "bare Python": ["-c", "pass"],
        "import bakeoff": ["-c", "import bakeoff"],
        "import bakeoff, bakeoff.records": ["-c", "import bakeoff, bakeoff.records"],
        "bakeoff --help": ["-m", "bakeoff", "--help"],
    }
    if len(sys.argv) > 1:
        commands[f"bakeoff report {sys.argv[1]}"] = ["-m", "bakeoff", "report", sys.argv[1]]
    bare = fastest(commands["bare Python"])
    for name, arguments in commands.items():
        seconds = fastest(arguments)
        print(f"{name}: {seconds:.2f} s ({seconds - bare:+.2f} s)")


def fastest(arguments: list[str]) -> float:
    """The minimum of several runs, in seconds, because other work on the machine can only slow a run down."""
    return min(once(arguments) for _ in range(ROUNDS))


def once(arguments: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
