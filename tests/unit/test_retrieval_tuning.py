"""Tuning the parts of retrieval: names and fingerprints of trainings, what is left out and why, and the dev pool."""

import zlib
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bakeoff.contenders import retrieval_tuning
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recipe import Material
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.corpus.stores import fill_store
from bakeoff.errors import ContenderError, RunFolderError
from bakeoff.models.settings import LocalModel
from bakeoff.pilot.build import Builder, Earlier
from bakeoff.records import Document, Question, SourceSpan
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.retrieval.presentation import Presentation
from bakeoff.retrieval.searching import UNCOVERED_WEIGHT
from bakeoff.retrieval.settings import Retrieval
from bakeoff.tuning.checkpoint import claim
from bakeoff.tuning.retriever.dev import pool_of, quality_of_hits
from bakeoff.tuning.retriever.pairs import FEWEST, Pair
from bakeoff.tuning.retriever.training import Settings
from tests.unit.fakes import WordEmbedder, chunk

SPANS = (SourceSpan(source="a.md", start=0, end=5),)
QUESTIONS = [Question(id=f"q{i}", text=f"q {i}", answers=("x",), fact=f"f{i}", source_spans=SPANS) for i in range(30)]


def test_a_tuned_part_that_is_missing_costs_only_what_was_made_with_it(tmp_path: Path) -> None:
    """A release without its part: the contender is left out with the reason, the others go on."""
    models = {"generator": LocalModel(name="scripted"), "embedder": LocalModel(name="hash")}
    lost = Spec(name="lost", recipe="rag-tuned", retrieval=Retrieval(embedder="embedder-tuned-0123456789ab"))
    recipes = [make_recipe(lost), make_recipe(Spec(name="rag", recipe="rag"))]
    builder = Builder(
        recipes,
        Material(),
        lambda *stage, **more: nullcontext({}),
        lambda *stage: lambda *done: None,
        Earlier(WorldFolder(tmp_path / "earlier", models), relearns=False),
    )
    builder._take_tuned_parts(WorldFolder(tmp_path / "world", models))
    assert set(builder.left_out.reasons) == {"lost"}
    assert "embedder-tuned-0123456789ab" in builder.left_out.reasons["lost"]


def test_a_model_that_is_named_like_a_tuned_part_is_not_copied(tmp_path: Path) -> None:
    """What is in `models:` is loaded from there."""
    name = "mine-tuned-0123456789ab"
    models: Any = {"generator": LocalModel(name="scripted"), "embedder": LocalModel(name="hash")}
    models[name] = LocalModel(name="hash", engine="transformers")
    builder = Builder(
        [make_recipe(Spec(name="rag", recipe="rag", retrieval=Retrieval(embedder=name)))],
        Material(),
        lambda *stage, **more: nullcontext({}),
        lambda *stage: lambda *done: None,
        Earlier(WorldFolder(tmp_path / "earlier", models), relearns=False),
    )
    builder._take_tuned_parts(WorldFolder(tmp_path / "world", models))
    assert not builder.left_out.reasons


@pytest.mark.parametrize("part", ["embedder", "reranker"])
def test_trainings_for_another_number_of_passages_are_others(part: str) -> None:
    """The best epoch is the one that finds most among the passages that are shown, so it depends on their number."""
    names = {
        make_recipe(
            Spec(name="mine", recipe="rag-tuned", presentation=Presentation(passages=n), retrieval=Retrieval(k=k))
        ).retrieval_training(part)
        for n, k in ((1, 3), (5, 3), (None, 3))
    }
    assert len(names) == 3


def test_a_training_for_another_number_of_passages_is_refused_in_the_same_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fingerprint holds the number too."""

    def fingerprint(shown: int) -> dict[str, str]:
        retrieval = Retrieval()
        settings: Any = Settings()
        world: Any = None
        sources = retrieval_tuning.Sources(
            world, Material(), tmp_path, retrieval, retrieval, shown, 5, 1, None, settings
        )  # fmt: skip
        return retrieval_tuning._fingerprint(sources, [])

    monkeypatch.setattr(retrieval_tuning, "model_sha256", lambda folder: "sum")
    claim(tmp_path, fingerprint(1))
    with pytest.raises(RunFolderError, match="another number of passages shown"):
        claim(tmp_path, fingerprint(5))


def test_too_few_wrong_passages_for_a_reranker_are_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The embedder learns from the passages of the other questions; a reranker needs wrong ones of its own."""
    right, wrong = chunk("a.md"), (chunk("b.md"),)

    def handed(part: str, n_pairs: int, n_with_negatives: int) -> list[Pair]:
        """The pairs that the task of the part gets if so many are mined."""
        pairs = [Pair(one, right, wrong if i < n_with_negatives else ()) for i, one in enumerate(QUESTIONS[:n_pairs])]
        given: list[Pair] = []
        monkeypatch.setattr(retrieval_tuning, "mined", lambda *_: pairs)
        monkeypatch.setattr(retrieval_tuning, "model_sha256", lambda folder: "sum")
        monkeypatch.setattr(retrieval_tuning, "train", lambda *_, **more: None)
        monkeypatch.setitem(retrieval_tuning._TASKS, part, lambda _, pairs, chunks: (given.extend(pairs), print))  # type: ignore[arg-type]
        models: Any = {"generator": LocalModel(name="scripted"), "embedder": LocalModel(name="hash")}
        world, plain, settings = WorldFolder(tmp_path / "world", models), Retrieval(), Settings()
        fill_store(world.documents, [])
        sources = retrieval_tuning.Sources(world, Material(), tmp_path, plain, plain, 3, 5, 1, None, settings)
        retrieval_tuning.tune(part, sources, tmp_path / f"{part}-{n_pairs}-{n_with_negatives}", lambda *_: None)
        return given

    assert len(handed("embedder", 30, FEWEST - 1)) == 30
    with pytest.raises(ContenderError, match=r"Of 30 training questions .*, 19 have a wrong passage") as refused:
        handed("reranker", 30, FEWEST - 1)
    assert "options.reranker to false" in refused.value.remedy
    assert [pair.question for pair in handed("reranker", 30, FEWEST)] == QUESTIONS[:FEWEST]
    with pytest.raises(ContenderError, match="19 training questions have a passage") as refused:
        handed("embedder", FEWEST - 1, FEWEST - 1)
    assert refused.value.remedy


class Guessing(WordEmbedder):
    """An embedder for English whose vectors say nothing about a text."""

    name = "guessing"
    languages = ("en",)

    def __init__(self) -> None:
        super().__init__("")
        self.dimension = 8

    def embed_passages(self, texts: Any) -> np.ndarray:
        rows = np.array([np.random.default_rng(zlib.crc32(text.encode())).normal(size=8) for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    def count_tokens(self, text: str) -> int:
        return len(text.split())


GERMAN = {
    "a": ("Die Garantie des Wasserkochers gilt zwei Jahre ab dem Kauf.", "Wie lange gilt die Garantie beim Kauf?"),
    "b": ("Der Toaster hat eine Garantie von zwölf Monaten und ein Kabel.", "Welche Garantie hat der Toaster?"),
    "c": ("Rücksendungen sind innerhalb von dreißig Tagen möglich.", "Sind Rücksendungen nach Tagen möglich?"),
    "d": ("Unser Büro in Berlin ist von Montag bis Freitag geöffnet.", "Ist das Büro am Freitag geöffnet?"),
    "e": ("Die Batterie der Kamera hält acht Stunden im Betrieb.", "Wie viele Stunden hält die Batterie?"),
    "f": ("Der Kettle-Support answers questions about returns by mail.", "Where are questions about returns answered?"),
    "g": ("Доставка чайника занимает три дня после оплаты.", "Сколько дней занимает доставка чайника?"),
}


def test_the_pool_weighs_both_rankings_as_the_index_does(tmp_path: Path) -> None:
    """Each question by its own language: where the embedder does not know it, its ranking counts for less."""
    embedder: Any = Guessing()
    store = SqliteStore(tmp_path / "store.sqlite")
    store.upsert([Document(id=key, source=f"{key}.md", text=text) for key, (text, _) in GERMAN.items()])
    index = HybridIndex.open(tmp_path / "index", embedder)
    index.sync(store)
    dev = [
        Question(id=key, fact=key, text=text, answers=("x",), source_spans=(SourceSpan(source=f"{key}.md"),))
        for key, (_, text) in GERMAN.items()
    ]
    texts = [one.text for one in dev]
    chunks = [hit.chunk for hit in index.search_dense(["x"], 50)[0]]
    pool = pool_of(dev, index, lambda: chunks, lambda source: [one for one in chunks if one.source == source])
    vectors = embedder.embed_queries(texts), embedder.embed_passages([one.passage for one in pool.embedded])
    assert pool.dense_weights == [index.dense_weight(text) for text in texts]
    assert pool.dense_weights[0] == pool.dense_weights[-1] == UNCOVERED_WEIGHT
    expected = quality_of_hits(dev, index.search(texts, len(chunks)), 1)
    assert pool.quality(*vectors, 1) == expected
    equal = pool._replace(dense_weights=[0.5] * len(dev))
    assert equal.quality(*vectors, 1) != expected, "else this test shows nothing"
