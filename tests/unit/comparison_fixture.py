"""Comparisons made of contenders that are right on given questions, for what is decided on them."""

from bakeoff.decide.situation.approaches import stand_for
from bakeoff.measure.comparison import AskedModel, Axes, Comparison, Days, Entrant, Estimate
from bakeoff.measure.contrasts import contrasts
from bakeoff.measure.statistics import share_estimate

IDS = [str(i) for i in range(200)]
FACTS = {key: key for key in IDS}
MODEL = AskedModel(name="generator", label="a small model")
INDEX = "index:embedder-128"
SHOWN = "retrieval (128 tokens, k 3)"

ABOUT = {
    "base": (None, (1, 0, 0.25)),
    "rag": ("rag", (5, 1, 0.75)),
    "tuned": ("fine-tuning", (8, 5, 0.75)),
    "hybrid": ("hybrid", (12, 6, 1.25)),
    "extract": ("rag", (3, 1, 0.5)),
    "router": ("hybrid", (14, 6, 1.5)),
    "long-context": ("rag", (2, 1, 0.5)),
}
"""Each recipe's approach and its days to set up, for data, and of upkeep."""


def _days(setup, data, upkeep):
    return Days(setup=setup, data=data, upkeep_per_month=upkeep)


def entrant(recipe, name="", model=MODEL, shown=SHOWN, tuning="tuned", index=INDEX, **more):
    """A contender of one of the recipes, as a run has it; `more` replaces single fields."""
    retrieves = recipe in ("rag", "hybrid", "extract")
    is_tuned = recipe in ("tuned", "hybrid")
    asks = recipe not in ("extract", "router")
    name = name or recipe
    approach, days = ABOUT.get(recipe, (None, (12, 6, 1.25)))
    parts = [f"model:{model.name}"] if asks and not is_tuned else []
    parts += [index] if retrieves else []
    parts += [f"adapter:{name}"] if is_tuned else []
    shows = shown if retrieves else "all documents" if recipe == "long-context" else ""
    fields = {
        "name": name,
        "recipe": recipe,
        "title": name.capitalize(),
        "approach": approach,
        "axes": Axes(model=model.name, tuning=tuning if is_tuned else "", knowledge=shows) if asks else None,
        "shown": shows,
        "is_baseline": recipe == "base",
        "retrieves": retrieves,
        "is_tuned": is_tuned,
        "learns_facts": recipe == "tuned",
        "model": model if asks else None,
        "parts": tuple(parts),
        "behind": ("tuned", "rag", "hybrid") if recipe == "router" else (),
        "days": _days(*days),
    }
    return Entrant(**{**fields, **more})


STANDARD = tuple(entrant(recipe) for recipe in ABOUT)
"""Bakeoff's own recipes with their defaults."""
STANDING = stand_for(STANDARD)
"""The contender that stands for each approach where nothing was measured."""


def entrants_of(names):
    """Each name's entrant: of the recipe of that name, else of the one that the name begins with ('rag-large')."""
    return tuple(entrant(name if name in ABOUT else name.split("-")[0], name) for name in names)


def once(value, **more):
    """What is measured once: no interval."""
    return Estimate(value=value, n=1, **more)


def measured(values, latency=100.0, hallucination=0.1, errors=0.0, **more):
    """One contender's measures, from whether it was right on each question; `more` are whole estimates."""
    accuracy = share_estimate(values, FACTS)
    estimates = {
        "accuracy": Estimate(value=accuracy.value, low=accuracy.low, high=accuracy.high, n=accuracy.n),
        "hallucination": Estimate(value=hallucination, low=hallucination / 2, high=hallucination * 1.5, n=20),
        "latency_ms": Estimate(value=latency, low=latency * 0.9, high=latency * 1.1, n=20, detail={"p95": latency * 2}),
        "cost_per_1k": once(latency / 100),
        "retention": once(1.0),
        "freshness": once(sum(values.values()) / len(values)),
        "consistency": once(0.8),
        "setup_s": once(10.0),
        "retrieval_recall": once(0.9),
        "errors": once(errors),
    }
    return {**estimates, **more}


def answered(ids=IDS, **rights):
    """Whether each contender is right on each question: on its first `right` ones, or on those named."""
    chosen = {name.replace("_", "-"): range(one) if isinstance(one, int) else one for name, one in rights.items()}
    return {name: {key: float(int(key) in right) for key in ids} for name, right in chosen.items()}


def comparison(ids=IDS, options=None, facts=FACTS, margin=0.02, entrants=None, **rights):
    """A comparison of contenders given as name=right; `options` are measures that differ, by contender."""
    values = answered(ids, **rights)
    return Comparison(
        entrants=entrants or entrants_of(values),
        measures={name: measured(one, **(options or {}).get(name, {})) for name, one in values.items()},
        contrasts=tuple(contrasts(values, facts, "accuracy", margin=margin)),
    )


def with_estimates(given, name, **estimates):
    """The same comparison with other estimates of one contender."""
    own = {**given.measures[name], **estimates}
    return given.model_copy(update={"measures": {**given.measures, name: own}})
