"""Whether verdicts can be trusted: simulated pilots with known truth, judged end to end by the product's own decision.

    python benchmarks/verdict_simulations.py [--pilots 300] [--only shipping,limits,gate,choosing,worth,speed] [--quick]

Graded answers are simulated (`decisions/pilots.py`), the rest is what a finished run does: outcomes, draws, contrasts,
standings, verdict. Prints tables in Markdown: how often "Ship" is said where a goal, a limit or a lead is truly
missing, and where all is met; whom the rule chooses; whether intervals, chances, losses and the value of more questions
hold; seconds and memory. Seeded. All tables take about an hour on one core; `--quick` runs a few pilots of each.
"""

import time
from collections.abc import Callable, Iterable

from decisions import choosing, shipping, speed, worth
from printed_tables import QUICK, Table, asked


def shipping_tables(n: int) -> Iterable[Table]:
    yield shipping.shipping(
        shipping.ship_worlds(), 'P("Ship"), a goal of 80 % right or of 5 % wrong is truly missed', n
    )
    yield shipping.shipping(shipping.met_worlds(), 'P("Ship"), both goals are truly met', n)
    yield shipping.unsupported(n)


def limit_tables(n: int) -> Iterable[Table]:
    yield shipping.hallucination_limit(n)
    yield shipping.latency_limit(n)
    yield shipping.budget(n)


def gate_tables(n: int) -> Iterable[Table]:
    yield shipping.base_gate(n)


def choosing_tables(n: int) -> Iterable[Table]:
    for table in (choosing.equal, choosing.two_points_behind, choosing.dear, choosing.wrong_answers, choosing.as_good):
        yield table(n)
    yield choosing.freshness(max(4, n // 10))
    yield choosing.needed(max(4, n // 10))
    yield choosing.traffic()


def worth_tables(n: int) -> Iterable[Table]:
    yield worth.coverage(2 * n)
    yield from worth.chances(n)
    yield worth.more_questions(4, n)


def speed_tables(n: int) -> Iterable[Table]:
    yield speed.speed(10_000 if n > QUICK else 500)


TABLES: dict[str, Callable[[int], Iterable[Table]]] = {
    "shipping": shipping_tables,
    "limits": limit_tables,
    "gate": gate_tables,
    "choosing": choosing_tables,
    "worth": worth_tables,
    "speed": speed_tables,
}


def main() -> None:
    chosen = asked(__doc__, TABLES, 300)
    for name in chosen.parts:
        begun = time.perf_counter()
        for table in TABLES[name](chosen.n_pilots):
            print(table.markdown(), flush=True)
        print(f"({name}: {time.perf_counter() - begun:.0f} s)\n", flush=True)


if __name__ == "__main__":
    main()
