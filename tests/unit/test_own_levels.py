"""A team's own contender as a level of a cascade: it is asked on dev, as the thresholds of the other levels need."""

from pathlib import Path

from bakeoff.pilot.run import run
from tests.end_to_end.small import make

OWN = """
from bakeoff.records import Answer


class Own:
    def answer(self, questions):
        return [Answer(question_id=one.id, contender="own", text="It takes 7777 bananas.") for one in questions]
"""


def test_an_own_contender_can_be_the_last_level(tmp_path: Path, monkeypatch) -> None:
    """It is always wrong here, so what retrieval answers is not passed on to it."""
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    (tmp_path / "own_level.py").write_text(OWN)
    contenders = [
        "rag",
        {"name": "own", "like": "own_level.Own"},
        {"name": "turns", "like": "cascade", "parts": {"levels": ["rag", "own"]}},
    ]
    finished = run(make(tmp_path, contenders=contenders), runs=tmp_path / "runs")
    dev = [one.id for one in finished.folder.questions() if one.split == "dev"]
    assert [one.question_id for one in finished.folder.answers("own", "dev")] == dev != []
    routes = [answer.route for answer in finished.answers("turns")]
    assert routes.count("rag") > len(routes) / 2, "without dev answers of its own level, all went to the last one"
