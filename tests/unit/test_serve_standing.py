"""What a server says about how its contenders did in the test."""

from pathlib import Path

from bakeoff.measure.comparison import Comparison, Entrant, Estimate
from bakeoff.serve.standing import Shares, Standing, standing_of


def test_shares_of_the_test_are_those_of_the_comparison(tmp_path: Path) -> None:
    """What is neither right nor wrong was declined."""
    measures = {"rag": {"accuracy": Estimate(value=0.5, n=40), "hallucination": Estimate(value=0.25, n=40)}}
    comparison = Comparison(entrants=(Entrant(name="rag", recipe="rag", title="RAG"),), measures=measures)
    (tmp_path / "comparison.json").write_text(comparison.model_dump_json())
    assert standing_of(tmp_path) == Standing(
        tested={"rag": Shares(n_questions=40, right=0.5, wrong=0.25, declined=0.25)}
    )


def test_a_share_of_nothing_is_zero(tmp_path: Path) -> None:
    """1 - 0.7 - 0.3 is 5.55e-17 for a machine; nobody was declined."""
    measures = {"rag": {"accuracy": Estimate(value=0.7, n=10), "hallucination": Estimate(value=0.3, n=10)}}
    comparison = Comparison(entrants=(Entrant(name="rag", recipe="rag", title="RAG"),), measures=measures)
    (tmp_path / "comparison.json").write_text(comparison.model_dump_json())
    shares = standing_of(tmp_path).tested["rag"]
    assert 1 - 0.7 - 0.3 > 0 and shares.declined == 0 and "0\u202f% declined" in shares.sentence


def test_a_broken_or_missing_file_is_no_reason_not_to_serve(tmp_path: Path) -> None:
    (tmp_path / "verdict.json").write_text('{"winner": ')
    assert standing_of(tmp_path) == Standing(tested={})
