"""How well the pace after a 429 uses a server's limit, in simulated time: a table. `python -m benchmarks.pace`

Threads ask one question after another at a server that takes only so many, by the client's own backoff and four
retries. Counted from the end of the first minute. Takes seconds, and no server.
"""

from tests.limited_server import Outcome, Takes, bucket, simulated, window

CASES: tuple[tuple[str, Takes, float, int, float], ...] = (
    ("10 in each second, 32 threads", window(10, 1.0), 10.0, 32, 240.0),
    ("10 a second, a burst of 10, 32 threads", bucket(10, 10), 10.0, 32, 240.0),
    ("10 a second, no burst, 32 threads", bucket(10, 1), 10.0, 32, 240.0),
    ("10 a second, a burst of 10, 3 threads", bucket(10, 10), 10.0, 3, 240.0),
    ("100 a second, a burst of 10, 64 threads", bucket(100, 10), 100.0, 64, 240.0),
    ("1 in two seconds, 8 threads", bucket(0.5, 1), 0.5, 8, 800.0),
    ("600 in each minute, no Retry-After, 32 threads", window(600, 60.0), 10.0, 32, 360.0),
)


def main() -> None:
    print("| server | of the limit used | refused | given up |\n|---|---|---|---|")
    for name, takes, limit, threads, until_s in CASES:
        seen: Outcome = simulated(takes, threads, until_s=until_s)
        print(f"| {name} | {seen.taken_per_s / limit:.0%} | {seen.refused:.1%} | {seen.dropped} |")


if __name__ == "__main__":
    main()
