"""Whether the advice discriminates: shares of the leading approach and of ties over random profiles.

    python benchmarks/advice_profiles.py [N] [SEED]

Each profile draws every key that the decision matrix reads from a plausible range, and leaves some of them unknown.
Prints how often each approach leads, how often it is tied, how often approaches are ruled out, and which inputs move
the lead most. Uses no model.
"""

import math
import random
import sys
from collections import Counter
from typing import Any

from bakeoff.contenders.load import standard_entrants
from bakeoff.decide.advise.matrix import decision_matrix
from bakeoff.decide.situation.approaches import APPROACHES, stand_for
from bakeoff.decide.situation.profile import Profile, validate_profile

UNKNOWN = 0.15
"""The share of keys that a team does not know."""


def log_uniform(rng: random.Random, low: float, high: float) -> float:
    """A number between two ends, each order of magnitude equally likely, to two digits."""
    return float(f"{math.exp(rng.uniform(math.log(low), math.log(high))):.2g}")


def one_of(rng: random.Random, none: float, low: float, high: float) -> float | None:
    """None with this probability ('no limit', 'never'), or a number."""
    return None if rng.random() < none else log_uniform(rng, low, high)


def random_values(rng: random.Random) -> dict[str, Any]:
    """One team's answers."""
    values: dict[str, Any] = {
        "must_run_offline": rng.random() < 0.2,
        "privacy_on_premises": rng.random() < 0.4,
        "latency_limit_ms": one_of(rng, 0.4, 150, 10_000),
        "budget_usd_per_month": one_of(rng, 0.4, 500, 20_000),
        "budget_setup_usd": one_of(rng, 0.4, 5_000, 200_000),
        "max_hallucination": one_of(rng, 0.4, 0.01, 0.3),
        "deadline_days": one_of(rng, 0.4, 14, 365),
        "queries_per_month": log_uniform(rng, 300, 3_000_000),
        "corpus_tokens": int(log_uniform(rng, 10_000, 30_000_000)),
        "context_window_tokens": rng.choice([8_000, 32_000, 128_000, 1_000_000]),
        "update_interval_days": one_of(rng, 0.2, 0.5, 1_000),
        "labelled_examples": rng.choice([0, *(int(log_uniform(rng, 20, 30_000)) for _ in range(19))]),
        "needs_citations": rng.random() < 0.3,
        "needs_style": rng.random() < 0.4,
        "consistency_needed": rng.random() < 0.4,
        "needs_live_sources": rng.random() < 0.2,
        "needs_independent_updates": rng.random() < 0.2,
        "n_model_versions": rng.choice([1, 1, 1, 2, 4, 10]),
        "use_case_complexity": rng.randint(1, 5),
        "accuracy_requirement": rng.randint(1, 5),
        "domain_specificity": rng.randint(1, 5),
        "ml_expertise": rng.randint(0, 5),
        "app_expertise": rng.randint(0, 5),
        "has_training_gpu": rng.random() < 0.5,
        "model_billion_parameters": log_uniform(rng, 0.1, 100),
    }
    return {key: value for key, value in values.items() if rng.random() >= UNKNOWN}


def random_profiles(n: int, seed: int = 0) -> list[Profile]:
    """n profiles, the same for the same seed."""
    rng = random.Random(seed)
    return [validate_profile(random_values(rng)) for _ in range(n)]


def main(n: int = 600, seed: int = 0) -> None:
    """Print the shares."""
    standing = stand_for(standard_entrants())
    matrices = [decision_matrix(profile, standing) for profile in random_profiles(n, seed)]
    leaders = Counter(matrix.leader for matrix in matrices)
    tied = Counter(bool(matrix.tied_with) for matrix in matrices)
    print(f"{n} random profiles, seed {seed}")
    for name in APPROACHES:
        out = sum(name in matrix.ruled_out for matrix in matrices)
        print(f"  {name:12} leads {leaders[name] / n:6.1%}   ruled out {out / n:6.1%}")
    print(f"  tied {tied[True] / n:.1%}; no leader {leaders[None] / n:.1%}")
    alone = sum(len(matrix.open_to) == 1 for matrix in matrices)
    print(f"  only one approach is left {alone / n:.1%}")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
