"""Simulated pilots: intervals corrected by labels hold the truth. The whole table: benchmarks/label_coverage.py."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import label_coverage as simulation

N_PILOTS = 150


@pytest.mark.parametrize("world", [simulation.WORLDS[i] for i in (0, 1, 4)], ids=lambda world: world.name)
def test_intervals_corrected_by_100_labels_hold_the_truth(world):
    """Of six contenders and their pairs; the share may be off by the chance of 150 pilots, one point."""
    rows = simulation.repeated(simulation.with_labels, world, N_PILOTS)
    for held in ([row.shares_hold for row in rows], [row.pairs_hold for row in rows]):
        assert 0.92 <= np.mean(held) <= 0.98


def test_a_judge_that_favours_one_contender_misleads_without_labels():
    """Uncorrected, the intervals of the favoured contender often miss its true share."""
    rows = simulation.repeated(simulation.midpoint, simulation.WORLDS[4], 40)
    assert np.mean([row.shares_hold[0] for row in rows]) < 0.75


def test_labels_make_intervals_narrower_than_the_worst_case_and_grades_narrower_than_labels_only():
    """The mean widths of differences with 100 labels."""
    width = {
        method.__name__: np.mean([row.pair_widths for row in simulation.repeated(method, simulation.RULES, 10)])
        for method in (simulation.with_labels, simulation.labels_only, simulation.worst_case, simulation.every_label)
    }
    assert width["every_label"] < width["with_labels"] < width["worst_case"] < width["labels_only"]


def test_every_part_of_the_benchmark_prints_its_table(capsys):
    """With one pilot for each line."""
    for part in simulation.PARTS.values():
        part(1)
    lines = capsys.readouterr().out.strip().splitlines()
    assert len([line for line in lines if line.startswith("| ---")]) == 3
    assert "nan" not in "".join(lines)
