"""A pilot whose scripted model is right now and then, invents answers, and is surer of right ones on average.

No model is loaded. Answers and confidences depend on the question only, so that two runs differ by their split alone.
"""

import hashlib
import json
import re
from pathlib import Path

from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.records import Completion, GenerationSettings, Prompt

RIGHT = 0.3
"""The share of answerable questions that the model answers correctly."""


def chance(text: str, salt: str) -> float:
    """A number in 0..1 that depends on the text only."""
    digest = hashlib.sha256(f"{salt}{text}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


class Unsure(ScriptedGenerator):
    """Knows the colour of some planets; guesses the others', and those that the documents do not tell."""

    def _complete(self, prompt: Prompt, settings: GenerationSettings) -> Completion:
        message = prompt.messages[-1].content
        planet = re.findall(r"planet (\d+)", message)[-1]
        is_right = "colour" in message.splitlines()[-1] and chance(planet, "knows") < RIGHT
        noise = sum(chance(message, salt) for salt in "abcd") - 2  # about normal, deviation 0.58
        text = f"shade {planet}" if is_right else f"shade {1000 + int(planet)}"
        completion = super()._complete(prompt, settings)
        return completion.model_copy(update={"text": text, "logprob": -2.0 + 0.5 * is_right + noise})


class Careful(Unsure):
    """Knows the colours of as many other planets, and declines those it does not know. Guesses who discovered one."""

    def _complete(self, prompt: Prompt, settings: GenerationSettings) -> Completion:
        completion = super()._complete(prompt, settings)
        message = prompt.messages[-1].content
        planet = re.findall(r"planet (\d+)", message)[-1]
        if "colour" not in message.splitlines()[-1]:
            return completion
        is_right = chance(planet, "careful") < RIGHT
        return completion.model_copy(update={"text": f"shade {planet}" if is_right else "I don't know."})


def unsure() -> Unsure:
    return Unsure()


def careful() -> Careful:
    return Careful()


def make(folder: Path, seed: int, n_answerable: int, n_unanswerable: int, **more) -> Path:
    """The configuration of a pilot with so many facts of each kind, one question each."""
    (folder / "docs").mkdir(parents=True)
    rows = []
    for i in range(n_answerable):
        (folder / "docs" / f"p{i}.md").write_text(f"The sky of planet {i} is of shade {i} at noon.\n")
        row = {"id": f"a{i}", "question": f"What colour has the sky of planet {i}?", "answers": [f"shade {i}"]}
        rows.append({**row, "fact": f"sky-{i}", "source": f"p{i}.md"})
    rows += [
        {"id": f"u{i}", "question": f"Who discovered planet {i}?", "kind": "unanswerable"}
        for i in range(n_unanswerable)
    ]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    values = {
        "name": "unsure",
        "seed": seed,
        "documents": ["docs"],
        "questions": ["questions.jsonl"],
        "general": None,
        "contenders": [
            "base",
            "rag",
            "extract",
            {"name": "rag-careful", "like": "rag", "model": "careful"},
            {"name": "router", "like": "router", "parts": {"near": "base", "far": ["rag", "rag-careful"]}},
        ],
        "models": {
            "generator": "tests.end_to_end.unsure.unsure",
            "careful": "tests.end_to_end.unsure.careful",
            "embedder": "hash",
        },
        "measuring": {"latency_questions": 1},
        **more,
    }
    path = folder / "bakeoff.yaml"
    path.write_text(json.dumps(values))
    return path
