"""`retrieval.reranker`: a model of `models:` puts hits in order, for each contender that retrieves and when served."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.contenders.built import Fitted
from bakeoff.contenders.identity import identity_of
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.errors import ConfigError, ModelUnavailableError
from bakeoff.pilot.run import run
from bakeoff.records import ask
from bakeoff.retrieval.settings import Retrieval
from bakeoff.runs.run import Run
from bakeoff.serve.deployment import deploy
from tests.end_to_end.small import make
from tests.fake_api import FakeApi, Fault
from tests.unit.labelled_world import LAWSUIT, PUBLIC, SECRET, labelled_world, save

RERANKED = {"reranker": "order", "candidates": 7}
CONTENDERS = [
    "rag",
    {"name": "rag-reranked", "like": "rag", "retrieval": RERANKED},
    {"name": "hyde-reranked", "like": "rag", "retrieval": RERANKED, "options": {"rewrite": "hyde"}},
    {"name": "extract-reranked", "like": "extract", "retrieval": RERANKED},
]
READER = "tests.end_to_end.small.reader"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeApi]:
    with FakeApi() as api:
        yield api


def models(server: FakeApi, **more: Any) -> dict[str, Any]:
    order = {"api": "jina", "base_url": server.url, "model": "some-reranker", "retries": 0, **more}
    return {"generator": READER, "embedder": "hash", "order": order}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, server: FakeApi) -> Run:
    folder = tmp_path_factory.mktemp("pilot")
    return run(make(folder, models=models(server), contenders=CONTENDERS), runs=folder / "runs")


def world_of(run: Run) -> WorldFolder:
    return WorldFolder(run.folder.world, run.folder.config().models)


@pytest.mark.parametrize("name", ["rag-reranked", "hyde-reranked", "extract-reranked"])
def test_hits_are_in_the_order_of_the_server(finished: Run, server: FakeApi, name: str) -> None:
    """Seven candidates are sent with the question, and the three best by the server's scores are cited in order."""
    before = server.n_requests
    answer = world_of(finished).open(name).answer([ask("How long is a year on Borun?")])[0]
    assert answer.error is None, answer.error
    asked = server.bodies[before:]
    assert [body["query"] for body in asked] == ["How long is a year on Borun?"] and len(asked[0]["documents"]) == 7
    scores = [hit.score for hit in answer.citations]
    words = set(["how", "long", "is", "a", "year", "on", "borun?"])
    shares = sorted(
        (len(words & set(text.lower().split())) / len(words) for text in asked[0]["documents"]), reverse=True
    )
    assert scores == pytest.approx(shares[: len(scores)])


def test_the_report_and_the_identity_name_it(finished: Run) -> None:
    """A contender with a reranker is another one than without; the same index serves both."""
    comparison = finished.folder.comparison()
    shown = {entrant.name: entrant.shown for entrant in comparison.entrants}
    assert shown["rag-reranked"] == shown["rag"].replace(")", ", order of 7)")
    world = world_of(finished)
    plain, reranked = (identity_of(world, name) for name in ("rag", "rag-reranked"))
    assert not plain.reranker and reranked.reranker and plain.index == reranked.index
    assert identity_of(world, "extract-reranked").reranker == reranked.reranker


def test_it_is_the_same_when_served(finished: Run, server: FakeApi, tmp_path: Path) -> None:
    """A deployment asks the same server."""
    deployment = deploy(finished, tmp_path / "deployment", ["rag-reranked"])
    question = ask("What colour is the sky of Cetis?")
    before = server.n_requests
    served = deployment.world.open("rag-reranked").answer([question])[0]
    assert server.n_requests == before + 1
    assert served.citations == world_of(finished).open("rag-reranked").answer([question])[0].citations


def test_a_dead_reranker_stops_the_run_before_its_first_question(tmp_path: Path) -> None:
    """It is asked once, as every other model."""
    with FakeApi(fault=Fault(status=401)) as dead:
        path = make(tmp_path, models=models(dead), contenders=CONTENDERS)
        with pytest.raises(ModelUnavailableError, match=r"some-reranker at 127\.0\.0\.1 does not answer: .*401"):
            run(path, runs=tmp_path / "runs")
        assert dead.n_requests == 1


def test_documents_that_a_question_may_not_see_never_reach_the_reranker(tmp_path: Path) -> None:
    """Candidates are chosen from what may be seen."""
    world = labelled_world(tmp_path)
    pairs: list[tuple[str, str]] = []
    shortest = world.reranker("order")

    class Watched:
        def scores(self, texts: Any) -> Any:
            pairs.extend(texts)
            return shortest.scores(texts)

    world.reranker = lambda name: Watched()  # type: ignore[method-assign]
    spec = Spec(name="rag", recipe="rag", retrieval=Retrieval(k=2, chunk_tokens=64, reranker="order"))
    save(world, make_recipe(spec), Fitted())
    answer = world.open("rag").answer([ask("What is the salary?", access=("nobody",))])[0]
    read = " ".join(passage for _, passage in pairs)
    assert PUBLIC.split(".")[0] in read and SECRET not in read + answer.text and LAWSUIT not in read + answer.text


@pytest.mark.parametrize(
    ("retrieval", "words"),
    [
        ({"reranker": "ordre"}, r"retrieval\.reranker.*'ordre'"),
        ({"candidates": 30}, r"retrieval\.reranker names none"),
        ({"reranker": "order", "candidates": 1}, "greater than or equal to 2"),
    ],
)
def test_bad_settings_are_refused(retrieval: dict[str, Any], words: str, tmp_path: Path, server: FakeApi) -> None:
    """An unknown name, candidates without a reranker, too few of them."""
    entry = {"name": "bad", "like": "rag", "retrieval": retrieval}
    with pytest.raises(ConfigError, match=words):
        run(make(tmp_path, models=models(server), contenders=["base", entry]), runs=tmp_path / "runs")


def test_tuned_retrieval_has_a_reranker_of_its_own() -> None:
    """One that is named beside it would not be used: refused, with both ways out."""
    spec = Spec(name="both", recipe="rag-tuned", retrieval=Retrieval(reranker="order"))
    with pytest.raises(ConfigError, match=r"retrieval\.reranker .order.") as caught:
        make_recipe(spec)
    assert "use the recipe rag" in caught.value.remedy


def test_settings_without_a_reranker_are_written_as_before() -> None:
    """Names of indexes and trainings hold these settings: older runs go on."""
    assert Retrieval().model_dump() == {"chunk_tokens": 128, "k": 3, "embedder": "embedder"}
    assert Retrieval.model_validate(Retrieval(reranker="order").model_dump()).reranker == "order"
