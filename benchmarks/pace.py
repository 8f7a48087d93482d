"""How well the pace after a 429 uses a server's limit, in simulated time: a table. `python -m benchmarks.pace`

Threads ask one question after another at a server that takes only so many, by the client's own backoff and four
retries. Counted from the end of the first minute. Takes seconds, and no server.
"""

import math
from collections.abc import Sequence

from tests.limited_server import Outcome, Takes, bucket, simulated, window

ALONE = (math.inf,)
APART_S = 5.0
"""A second process begins so much later."""
CASES: tuple[tuple[str, Takes, float, int, float, Sequence[float]], ...] = (
    ("10 in each second, 32 threads", window(10, 1.0), 10.0, 32, 240.0, ALONE),
    ("10 a second, a burst of 10, 32 threads", bucket(10, 10), 10.0, 32, 240.0, ALONE),
    ("10 a second, no burst, 32 threads", bucket(10, 1), 10.0, 32, 240.0, ALONE),
    ("10 a second, a burst of 10, 3 threads", bucket(10, 10), 10.0, 3, 240.0, ALONE),
    ("100 a second, a burst of 10, 64 threads", bucket(100, 10), 100.0, 64, 240.0, ALONE),
    ("1 in two seconds, 8 threads", bucket(0.5, 1), 0.5, 8, 800.0, ALONE),
    ("600 in each minute, no Retry-After, 32 threads", window(600, 60.0), 10.0, 32, 360.0, ALONE),
    ("10 a second, two processes, 600 questions each", bucket(10, 10), 10.0, 16, 600.0, (600, 600)),
    ("10 a second, no burst, two processes, 600 questions each", bucket(10, 1), 10.0, 16, 600.0, (600, 600)),
    ("10 a second, two processes, 700 and 100 questions", bucket(10, 10), 10.0, 16, 600.0, (700, 100)),
    ("10 a second, three processes", bucket(10, 10), 10.0, 16, 600.0, (math.inf, math.inf, math.inf)),
    ("1 in two seconds, two processes, 100 questions each", bucket(0.5, 1), 0.5, 16, 2000.0, (100, 100)),
)


def main() -> None:
    print("| server | of the limit used | refused | given up |\n|---|---|---|---|")
    for name, takes, limit, threads, until_s, questions in CASES:
        seen: Outcome = simulated(takes, threads, until_s=until_s, questions=questions, apart_s=APART_S)
        print(f"| {name} | {seen.taken_per_s / limit:.0%} | {seen.refused:.1%} | {seen.dropped} |")


if __name__ == "__main__":
    main()
