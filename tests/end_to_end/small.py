"""A small pilot that needs no model: documents, questions and a configuration in a folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

PLANETS = {
    "Aldra": ("314 days", "blue"),
    "Borun": ("29 days", "grey"),
    "Cetis": ("77 days", "red"),
    "Dorva": ("512 days", "green"),
    "Elian": ("8 days", "white"),
    "Fenra": ("190 days", "amber"),
    "Golth": ("63 days", "black"),
    "Hespa": ("441 days", "pink"),
    "Ildor": ("17 days", "violet"),
    "Jorun": ("255 days", "silver"),
    "Kesta": ("99 days", "brown"),
    "Lomir": ("123 days", "orange"),
}


def make(folder: Path, planets=PLANETS, **more) -> Path:
    """Write documents about invented planets and questions about them; gives the configuration's path."""
    (folder / "docs").mkdir(parents=True)
    rows = []
    for name, (year, colour) in planets.items():
        text = f"# {name}\n\nThe planet {name} circles its star once in {year}.\n\nIts sky is {colour} at noon.\n"
        (folder / "docs" / f"{name.lower()}.md").write_text(text)
        rows += _questions(name, year, colour)
    rows += [
        {"id": f"none{i}", "question": f"Who discovered {name}?", "kind": "unanswerable"}
        for i, name in enumerate(planets)
    ]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    values = {
        "name": "planets",
        "documents": ["docs"],
        "questions": ["questions.jsonl"],
        "general": None,
        "contenders": ["base", "rag", "extract", "long-context"],
        "models": {"generator": "tests.end_to_end.small.reader", "embedder": "hash"},
        "measuring": {"latency_questions": 3, "batch_size": 4},
        **more,
    }
    path = folder / "bakeoff.yaml"
    path.write_text(json.dumps(values))
    return path


def _questions(name: str, year: str, colour: str) -> list[dict]:
    source = f"{name.lower()}.md"
    asked = {
        f"{name}-year": (
            year,
            [
                f"How long is a year on {name}?",
                f"In what time does {name} circle its star?",
                f"{name}: orbital period?",
            ],
        ),
        f"{name}-sky": (
            colour,
            [
                f"What colour is the noon sky of {name}?",
                f"Which sky colour has {name}?",
                f"Noon on {name}, what does the sky look like?",
            ],
        ),
    }
    return [
        {
            "id": f"{fact}-{i}",
            "question": text,
            "answers": [answer],
            "fact": fact,
            "source": source,
            "evidence": answer,
            "asked": 3 - i,
        }
        for fact, (answer, texts) in asked.items()
        for i, text in enumerate(texts)
    ]


def bakeoff(*arguments: str, cwd: Path, **more) -> subprocess.CompletedProcess:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "bakeoff", *arguments],
        cwd=cwd,
        text=True,
        capture_output=True,
        timeout=300,
        env=environment(),
        **more,
    )


def environment() -> dict[str, str]:
    """This process's environment with the tests importable and the hub out of reach."""
    path = os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "COLUMNS": "200"}


def reader(logprob=-0.1):
    """A generator that reads: it gives the first number of days or colour word of its prompt, if there is one."""
    import re

    from bakeoff.models.engines.scripted import ScriptedGenerator

    colours = "|".join(colour for _, colour in PLANETS.values())

    def reply(message: str) -> str:
        *passages, question = message.split("\n")
        wanted = rf"\b({colours})\b" if "sky" in question else r"\d+ days"
        found = re.search(wanted, "\n".join(passages))
        return found.group() if found and "discovered" not in question else "I don't know."

    return ScriptedGenerator(reply, logprob=logprob)


def silent():
    """The same without log-probabilities, as many servers are."""
    return reader(logprob=None)


def broken():
    """A generator whose every answer fails, as an API that is down does."""
    from bakeoff.models.engines.scripted import ScriptedGenerator

    def fail(message: str) -> str:
        raise ConnectionError("nobody answers")

    return ScriptedGenerator(fail)


def paced():
    """The reader, whose streams pause before each word for the seconds that BAKEOFF_TEST_PACE names (0 by default)."""
    import time

    from bakeoff.models.engines.scripted import ScriptedGenerator

    class Paced(ScriptedGenerator):
        def stream(self, prompt, settings):
            for item in super().stream(prompt, settings):
                time.sleep(float(os.environ.get("BAKEOFF_TEST_PACE", "0")))
                yield item

    return Paced(reader()._reply, logprob=None)
