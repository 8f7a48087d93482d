"""A made-up run folder for the report's tests: eight contenders, one skipped; gaps, errors, hostile text.

`build(folder)` writes it; the numbers are drawn with a fixed seed, so that every build is the same. Its verdict.json is
what `bakeoff.pilot.judge` makes of the rest, so that the two cannot drift apart.
"""

import json
import random
from datetime import date
from pathlib import Path

import yaml

from bakeoff.contenders.built import Built, Fitted
from bakeoff.contenders.spec import Spec
from bakeoff.decide.situation.profile import Profile
from bakeoff.files import jsonl
from bakeoff.formats.part import Problem
from bakeoff.measure.comparison import AskedModel, Axes, Comparison, Declining, Entrant, Estimate
from bakeoff.measure.constant import constant_answer
from bakeoff.measure.graded import known
from bakeoff.measure.score import score_answers
from bakeoff.pilot.judge import judge
from bakeoff.questions.splits.leaks import Leak
from bakeoff.questions.splits.survey import summarise
from bakeoff.records import Answer, Chunk, Contrast, Hit, Origin, Question, Score, SourceSpan, Stage, Usage
from bakeoff.runs.data import DataSummary, DocumentSummary
from bakeoff.runs.folder import RUN_FORMAT, RunFolder, write_json, write_record

HOSTILE = [
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\"> & <b>bold</b>",
    "\u202eright to left\u202c הדלת נעולה مرحبا",
    "{{ 7*7 }} {% raw %} | pipe | `code` **bold** \\ backslash",
    "a\u2028line\u2029separator \U0001f525\U0001f525 and an emoji, ]]> -->",
]
SKILL = {  # share right: seen, unseen, changed, unanswerable, general; share declined; seconds; setup
    "base": (0.03, 0.03, 0.02, 0.30, 0.62, 0.10, 0.21, 12.0),
    "rag": (0.63, 0.62, 0.55, 0.55, 0.60, 0.12, 0.94, 31.0),
    "tuned": (0.71, 0.09, 0.12, 0.20, 0.41, 0.06, 0.19, 172.0),
    "hybrid": (0.76, 0.68, 0.60, 0.62, 0.52, 0.09, 0.97, 238.0),
    "extract": (0.49, 0.50, 0.49, 0.70, 0.01, 0.20, 0.04, 29.0),
    "router": (0.75, 0.62, 0.54, 0.52, 0.45, 0.08, 0.55, 203.0),
    "rag-tuned": (0.66, 0.64, 0.57, 0.50, 0.59, 0.11, 0.96, 95.0),
}
MODEL = AskedModel(name="generator", label="SmolLM2-135M-Instruct")
DECLINING = Declining(
    reason="dev holds 62 answerable and 9 unanswerable facts, and a threshold needs at least 20 of each",
    n_answerable=62,
    n_unanswerable=9,
)
SHOWN, TUNED = "retrieval (128 tokens, k 3)", "LoRA (rank 16)"
ENTRANTS = (
    Entrant(
        name="base", recipe="base", title="Base model", axes=Axes(model="generator"), is_baseline=True,
        model=MODEL, parts=("generator",),
    ),
    Entrant(
        name="rag", recipe="rag", title="Retrieval", approach="rag", axes=Axes(model="generator", knowledge=SHOWN),
        retrieves=True, model=MODEL, parts=("generator", "index"),
    ),
    Entrant(
        name="tuned", recipe="tuned", title="Fine-tuning", approach="fine-tuning",
        axes=Axes(model="generator", tuning=TUNED), is_tuned=True, learns_facts=True, model=MODEL, parts=("tuned",),
    ),
    Entrant(
        name="hybrid", recipe="hybrid", title="Both", approach="hybrid",
        axes=Axes(model="generator", tuning=TUNED, knowledge=SHOWN), retrieves=True, is_tuned=True, model=MODEL,
        parts=("hybrid", "index"),
    ),
    Entrant(name="extract", recipe="extract", title="Copying", approach="rag", retrieves=True, parts=("index",)),
    Entrant(
        name="router", recipe="router", title="Routing", approach="hybrid", retrieves=True, is_tuned=True, model=MODEL,
        behind=("tuned", "rag"),
    ),
    Entrant(
        name="rag-tuned", recipe="their.module.RagTuned", title="Their own", approach="rag", retrieves=True,
        model=MODEL, parts=("rag-tuned", "index"),
    ),
)  # fmt: skip
SLICES = ("seen", "unseen", "changed", "unanswerable", "general")
RETRIEVING = ("rag", "hybrid", "extract", "router", "rag-tuned")
ASKS = (
    ("How long is the warranty on the {p}?", "24 months", "The {p} carries a warranty of 24 months from purchase."),
    (
        "What does a blinking amber light on the {p} mean?",
        "low battery",
        "On the {p}, blinking amber means low battery.",
    ),
    ("Which battery does the {p} take?", "CR123A", "Open the cover of the {p} and insert one CR123A cell."),
    ("Can I use the {p} outdoors?", "no", "The {p} is rated IP20: do not mount it outdoors. It is not water-proof."),
    ("How much is shipping for the {p} to Norway?", "6.90 GBP", "Shipping the {p} to Norway costs 6.90 GBP."),
    ("Who do I call when the {p} leaks?", "0131 555 0142", "If the {p} leaks, close the valve and call 0131 555 0142."),
)
PRODUCTS = ("Hearth 2", "Hearth 3", "Beacon B1", "Beacon B2", "Drift sensor", "Tide Valve", "Tide leak sensor")
FILLER = (
    "Norrvik devices pair through the app; keep both within ten metres of the hub while they do. "
    "After a power cut the schedule is kept for thirty days. Firmware is installed at night between two and four. "
    "Read the safety notes before you open the wall plate, and switch the circuit off first. "
)


PROFILE = Profile(
    queries_per_month=40_000,
    update_interval_days=21,
    needs_citations=True,
    labelled_examples=800,
    corpus_tokens=61_204,
    max_hallucination=0.9,
    growth_per_month=0.02,
    discount_per_year=0.05,
)
TODAY = date(2026, 1, 14)


def unsure_where_words(question: Question, amount: str) -> str:
    """An answer that is wrong where an amount is accepted, and neither right nor wrong where words are."""
    return f"{amount} of use" if question.answers[:1] == ("low battery",) else amount


def build(
    folder: Path, n_questions: int = 120, n_passages: int = 3, seed: int = 3, profile: Profile | None = PROFILE
) -> Path:
    """Write a whole run folder and return it; without a profile it is one that was not judged yet."""
    draw = random.Random(seed)
    chunks = _chunks(draw, max(40, n_questions))
    questions = _questions(draw, n_questions, chunks)
    answers = {name: _answers(draw, name, questions, chunks, n_passages) for name in SKILL}
    scores = [score for given in answers.values() for score in score_answers(questions, given)]
    questions_by_id = {question.id: question for question in questions}
    training = _training(questions)
    folder.mkdir(parents=True, exist_ok=True)
    jsonl.write(folder / "splits.jsonl", [*questions, *training])
    for name, given in answers.items():
        jsonl.write(folder / "answers" / f"{name}.jsonl", given)
        alone = [answer.model_copy(update={"latency_ms": 1000 * answer.usage.seconds}) for answer in given[:20]]
        jsonl.write(folder / "answers" / f"{name}.latency.jsonl", alone)
        changed = {question.id for question in questions if question.slice == "changed"}
        after = [
            answer.model_copy(update={"text": unsure_where_words(questions_by_id[answer.question_id], "30 months")})
            for answer in given
            if answer.question_id in changed
        ]
        jsonl.write(folder / "answers" / f"{name}.updated.jsonl", after)
        scores += score_answers(questions, after, "updated")
        entrant = next(entrant for entrant in ENTRANTS if entrant.name == name)
        fitted = Fitted() if entrant.behind else Fitted(declining=DECLINING)
        built = Built(spec=Spec(name=name, recipe=entrant.recipe), entrant=entrant, fitted=fitted, calibrated=True)
        _json(folder / "contenders" / name / "contender.json", built.model_dump(mode="json"))
    jsonl.write(folder / "scores.jsonl", scores)
    jsonl.write(folder / "stages.jsonl", _stages())
    write_record(folder / "comparison.json", _comparison(questions, training, scores))
    write_record(folder / "data.json", _summary([*questions, *training]))
    _json(folder / "environment.json", _environment())
    config = {
        "name": "support-desk",
        "documents": ["examples/support-desk/documents"],
        "seed": 7,
        "contenders": [*SKILL, "long-context"],
        "models": {
            "generator": "HuggingFaceTB/SmolLM2-135M-Instruct",
            "engine": "auto",
            "max_new_tokens": 24,
            "api_key": "sk-very-secret",
        },
    }
    jsonl.write_text(folder / "config.yaml", yaml.safe_dump(config, sort_keys=False))
    if profile is not None:
        write_record(folder / "verdict.json", judge(RunFolder(folder), profile, TODAY))
    return folder


def bare_run(folder: Path, accuracy: Estimate) -> None:
    """A run folder that holds a comparison of one contender on one measure, and nothing else."""
    (folder / "config.yaml").write_text("name: x\n")
    write_json(folder / "environment.json", {"run_format": RUN_FORMAT})
    write_record(
        folder / "comparison.json", Comparison(entrants=ENTRANTS[:1], measures={"base": {"accuracy": accuracy}})
    )


def _json(path: Path, content: object) -> None:
    jsonl.write_text(path, json.dumps(content, ensure_ascii=False))


def _chunks(draw: random.Random, n: int) -> list[Chunk]:
    chunks = []
    for i in range(n):
        product, (_, _, fact) = PRODUCTS[i % len(PRODUCTS)], ASKS[(i // len(PRODUCTS)) % len(ASKS)]
        filler = " ".join(FILLER.split()[: draw.randint(12, 45)])
        text = f"{filler} {fact.format(p=product)} {HOSTILE[i % len(HOSTILE)] if i % 9 == 0 else filler}"
        start = 400 * (i % 5)
        slug = product.lower().replace(" ", "-")
        chunks.append(
            Chunk(
                id=f"c{i}",
                document_id=f"d{i // 5}",
                source=f"hardware/{slug}/manual-{i // 5}.md",
                text=text,
                start=start,
                end=start + len(text),
                heading=f"{product} > Care and cleaning",
            )
        )
    return chunks


def _questions(draw: random.Random, n: int, chunks: list[Chunk]) -> list[Question]:
    questions = []
    for i in range(n):
        chunk = chunks[i % len(chunks)]
        product, (ask, answer, fact) = PRODUCTS[i % len(PRODUCTS)], ASKS[(i // len(PRODUCTS)) % len(ASKS)]
        kind = draw.choices(SLICES, (30, 35, 12, 12, 11))[0]
        text = ask.format(p=product) if i >= len(HOSTILE) else f"{HOSTILE[i]} {ask.format(p=product)}"
        begun = chunk.start + chunk.text.index(fact.format(p=product))
        spans = (SourceSpan(source=chunk.source, start=begun, end=begun + len(fact.format(p=product))),)
        if i % 17 == 5:
            spans = (SourceSpan(source=chunk.source),)
        answered = kind not in ("unanswerable",)
        questions.append(
            Question(
                id=f"q{i:03}",
                text=text,
                answers=(answer, f"{answer} (new)") if answered else (),
                fact=f"fact-{i // 2}",
                slice=kind,
                split="test",
                asked=int(300 / (i + 1)) + 1,
                kind="phrase" if answered else "unanswerable",
                source_spans=spans if answered and kind != "general" else (),
            )
        )
    return questions


def _training(questions: list[Question]) -> list[Question]:
    return [
        question.model_copy(update={"id": f"t{question.id}", "split": "train", "text": f"Please: {question.text}"})
        for question in questions[:30]
    ]


def _answers(draw: random.Random, name: str, questions: list[Question], chunks: list[Chunk], k: int) -> list[Answer]:
    *shares, declining, seconds, _ = SKILL[name]
    given = []
    for i, question in enumerate(questions):
        right = draw.random() < shares[SLICES.index(question.slice or "seen")]
        declined = right if question.slice == "unanswerable" else not right and draw.random() < declining
        text = (
            question.answers[0]
            if right and question.answers
            else draw.choice(
                (
                    unsure_where_words(question, "12 months"),
                    "You can find it in the app under Settings.",
                    HOSTILE[0],
                    "AAA",
                    "It depends on the model.",
                    "The warranty is two years, and three years when you register within 30 days.",
                )
            )
        )
        route = ("tuned" if i % 3 else "rag") if name == "router" else ""
        hits: tuple[Hit, ...] = ()
        if name in RETRIEVING and route != "tuned":
            first = i if draw.random() < (0.95 if right else 0.55) else i + 3
            found = [chunks[(first + 7 * step) % len(chunks)] for step in range(k)]
            hits = tuple(Hit(chunk=chunk, score=0.9 - 0.1 * rank, rank=rank + 1) for rank, chunk in enumerate(found))
        failed = name == "rag-tuned" and i % 13 == 0
        given.append(
            Answer(
                question_id=question.id,
                contender=name,
                text="" if failed else text,
                citations=() if failed else hits,
                usage=Usage(
                    prompt_tokens=430 if hits else 40, completion_tokens=9, seconds=seconds * (0.7 + draw.random())
                ),
                route=route,
                confidence=-draw.random(),
                abstained=declined and not failed,
                error=f"RuntimeError: out of memory {HOSTILE[1]}" if failed else None,
                truncated=name == "rag" and i % 10 == 0,
                origin=Origin(model="their-model-2026-10", fingerprint="fp_1") if name == "rag-tuned" else None,
            )
        )
    return given


def _estimate(values: list[float], **more: object) -> Estimate:
    mean = sum(values) / len(values)
    half = 1.96 * (mean * (1 - mean) / len(values)) ** 0.5 + 0.004
    return Estimate(value=mean, low=max(0.0, mean - half), high=min(1.0, mean + half), n=len(values), **more)


def key_of(score: Score) -> tuple[str, str]:
    return score.contender, score.measure


def _comparison(questions: list[Question], training: list[Question], scores: list[Score]) -> Comparison:
    tested = [score for score in scores if score.phase == "test" and score.value is not None]
    correct = {
        name: known(
            {one.question_id: one.value for one in tested if one.contender == name and one.measure == "correct"}
        )
        for name in SKILL
    }
    table = {name: _measures(name, questions, tested) for name in SKILL}
    return Comparison(
        entrants=ENTRANTS,
        measures=table,
        contrasts=_contrasts(table),
        skipped={"long-context": "the corpus has 61,204 tokens; the model reads 8,192 <b>at most</b>"},
        constant=constant_answer(training, questions, correct),
    )


def _measures(name: str, questions: list[Question], scores: list[Score]) -> dict[str, Estimate]:
    slice_of = {question.id: question.slice for question in questions}
    mine = {
        measure: {
            score.question_id: score.value for score in scores if score.contender == name and score.measure == measure
        }
        for measure in ("correct", "hallucinated", "abstained", "evidence_hit", "truncated", "error")
    }
    per_slice = {
        kind: _estimate([value for key, value in mine["correct"].items() if slice_of[key] == kind])
        for kind in SLICES
        if any(slice_of[key] == kind for key in mine["correct"])
    }
    *shares, _, seconds, setup = SKILL[name]
    retrained = name in ("tuned", "hybrid", "router", "rag-tuned")
    taken = {
        "before": shares[2] / 3,
        "update_tokens": 96_400 * retrained + 1820 * (name in RETRIEVING),
        "update_seconds": 0.8 * setup * retrained + 2.4 * (name in RETRIEVING),
    }
    fresh = [1.0] * (3 + int(12 * shares[2])) + [0.0] * (13 - int(12 * shares[2]))
    kept = [1.0] * int(20 * shares[4] / 0.62) + [0.0] * (21 - int(20 * shares[4] / 0.62))
    return {
        "accuracy": _estimate(list(mine["correct"].values()), slices=per_slice),
        "hallucination": _estimate(list(mine["hallucinated"].values())),
        "latency_ms": Estimate(
            value=1000 * seconds, low=930 * seconds, high=1090 * seconds, n=20, detail={"p95": 1700 * seconds}
        ),
        "cost_per_1k": Estimate(value=seconds * 0.028, low=seconds * 0.025, high=seconds * 0.031, n=100),
        "retention": Estimate(reason="it has no language model") if name == "extract" else _estimate(kept),
        "freshness": _estimate(fresh, detail=taken),
        "consistency": _estimate([1.0] * (10 + int(10 * shares[0])) + [0.0] * 5),
        "setup_s": Estimate(value=setup, n=1),
        "abstention": _estimate(list(mine["abstained"].values())),
        "retrieval_recall": _retrieved(mine["evidence_hit"], questions),
        "accuracy_by_traffic": _estimate(list(mine["correct"].values())),
        "truncated": _estimate(list(mine["truncated"].values())),
        "errors": _estimate(list(mine["error"].values())),
        "tokens_per_question": _tokens(name),
    }


def _retrieved(hits: dict[str, float], questions: list[Question]) -> Estimate:
    if not hits:
        return Estimate(reason="nothing is retrieved")
    by_document = sum(one.id in hits and one.source_spans[0].start is None for one in questions)
    return _estimate(list(hits.values()), detail={"by_document": by_document})


def _tokens(name: str) -> Estimate:
    prompt = 430.0 if name in RETRIEVING else 40.0
    detail = {"prompt": prompt, "completion": 9.0}
    return Estimate(value=prompt + 9, low=prompt, high=prompt + 20, n=100, detail=detail)


def _contrasts(table: dict[str, dict[str, Estimate]]) -> tuple[Contrast, ...]:
    """Every pair on accuracy: different where it is more than 8 points apart."""
    names, pairs = list(table), []
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            difference = table[a]["accuracy"].value - table[b]["accuracy"].value
            is_clear = abs(difference) > 0.08
            pairs.append(
                Contrast(
                    a=a,
                    b=b,
                    measure="accuracy",
                    difference=difference,
                    low=difference - 0.08,
                    high=difference + 0.08,
                    p=0.02,
                    p_adjusted=0.01 if is_clear else 0.1,
                    n=100,
                    finding="different" if is_clear else "open",
                    more_questions=0 if is_clear else 240,
                )
            )
    return tuple(pairs)


def _stages() -> list[Stage]:
    stages = [Stage(stage="read", seconds=2.1, detail="46 documents"), Stage(stage="index", part="index", seconds=9.4)]
    for name, (*_, seconds, setup) in SKILL.items():
        if name in ("tuned", "hybrid", "rag-tuned"):
            stages.append(Stage(stage="train", contender=name, part=name, seconds=setup - 20, tokens=90_000))
        stages.append(Stage(stage="answer", contender=name, seconds=seconds * 30))
        stages.append(Stage(stage="latency", contender=name, seconds=seconds * 20))
    return [*stages, Stage(stage="compare", seconds=0.4)]


def _summary(questions: list[Question]) -> DataSummary:
    return DataSummary(
        documents=DocumentSummary(
            n=46,
            n_words=41_300,
            n_chunks=412,
            problems=(
                Problem(source="policies/old <draft>.pdf", reason="encrypted", remedy="save it without a password"),
                Problem(source="empty.docx", reason="holds no text", remedy="leave it out, or fill it"),
                Problem(source="prices.txt", reason="read as windows-1251, which is a guess", is_read=True),
            ),
        ),
        questions=summarise(questions),
        warnings=("Only 11 test questions are of slice 'changed': its intervals are wide. <script>alert(1)</script>",),
        notes=("q.csv: 2 columns are read as accepted answers.", "90 answerable questions have no fact."),
        leaks=(
            Leak(test_id="q007", train_id="tq007", similarity=0.97, excused=True),
            Leak(test_id="q002", train_id="tq003", similarity=0.93, excused=False),
        ),
    )


def _environment() -> dict[str, object]:
    return {
        "run_format": RUN_FORMAT,
        "python": "3.11.7",
        "bakeoff": "0.1.0",
        "packages": {"torch": "2.13.0", "lancedb": "0.40.1"},
        "machine": {"cpu": "Xeon <AMX>", "cores": 2, "memory_gib": 24},
        "seed": 7,
        "hf_token": None,
    }
