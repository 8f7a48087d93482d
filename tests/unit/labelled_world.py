"""A world with documents of several labels and every standard contender, whose models repeat what they are shown."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from bakeoff.contenders.access import record_learned
from bakeoff.contenders.built import Built, Fitted
from bakeoff.contenders.faq import QUESTIONS, VECTORS
from bakeoff.contenders.known import KnownQuestion, RestsOn
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.world import WorldFolder
from bakeoff.corpus.stores import fill_store
from bakeoff.files import jsonl
from bakeoff.models.settings import LocalModel
from bakeoff.records import Answer, Completion, Document, GenerationSettings, Labels, Prompt, Usage
from bakeoff.retrieval.settings import Retrieval
from bakeoff.serve.answering import Asked
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.log import Log
from bakeoff.serve.serving import Serving

SECRET = "Salary of Ann at the kettle office: 90,000 euros."
LAWSUIT = "The kettle lawsuit of Bob concerns salary and office."
PUBLIC = "The kettle has a salary-friendly price. Its office opens at nine."
ASKED = "What is the salary of Ann at the kettle office?"
MODELS = {"generator": LocalModel(name="scripted"), "embedder": LocalModel(name="hash")}
RECIPES = ("base", "rag", "rag-tuned", "extract", "long-context", "tuned", "hybrid", "faq", "router")


class Repeating:
    """Answers with its whole prompt, so that whatever it was shown is in the answer."""

    name, context_tokens = "repeating", 100_000

    def generate(self, prompts: Sequence[Prompt], settings: GenerationSettings) -> list[Completion]:
        return [Completion(text=prompt.messages[-1].content, usage=Usage(), logprob=-0.1) for prompt in prompts]

    def stream(self, prompt: Prompt, settings: GenerationSettings) -> Iterator[str | Completion]:
        (completion,) = self.generate([prompt], settings)
        yield completion.text
        yield completion

    def count_tokens(self, text: str) -> int:
        return len(text.split())


class World(WorldFolder):
    """A world whose models repeat what they are shown."""

    def generator(self, model: str, adapter: str = "", template: Any = None) -> Repeating:
        return Repeating()

    def reranker(self, name: str) -> Any:
        return Shortest()


class Shortest:
    """Prefers short passages, which those of hidden documents are."""

    def scores(self, texts: Sequence[tuple[str, str]]) -> np.ndarray:
        return np.array([-len(passage) for _, passage in texts], np.float32)


RERANKED = {"rag-tuned": {"reranker": "reranker-tuned-0123456789ab"}}


def spec(name: str, **more: Any) -> Spec:
    return Spec(name=name, recipe=name, retrieval=Retrieval(k=2, chunk_tokens=64), **more)


def save(world: WorldFolder, recipe: Recipe, fitted: Fitted) -> None:
    world.save(Built(spec=recipe.spec, entrant=recipe.entrant(MODELS), fitted=fitted, calibrated=True))


def labelled_world(folder: Path) -> World:
    """Documents of three kinds, and every standard contender. The tuned models were tuned on public documents."""
    made = World(folder, MODELS)
    secrets = [Document(id=f"hr{i}", text=SECRET, source=f"hr/{i}.md", access=("hr",)) for i in range(150)]
    fill_store(made.documents, [])
    made.store.upsert(
        [
            *secrets,
            Document(id="law", text=LAWSUIT, source="law.md", access=("legal", 'o\'hara "x"')),
            Document(id="public", text=PUBLIC, source="public.md"),
        ]
    )
    made.index(Retrieval(chunk_tokens=64)).sync(made.store)
    for name in RECIPES:
        recipe = make_recipe(spec(name, **RERANKED.get(name, {})))
        routing = {"near": "tuned", "far": "rag", "familiarity_at_least": 0.99}
        save(made, recipe, Fitted(routing=routing) if name == "router" else Fitted())
        if recipe.adapter:
            made.adapter_folder(recipe.adapter).mkdir(parents=True)
            record_learned(made.adapter_folder(recipe.adapter), [Document(id="p", text="", source="p.md")])
    known = [
        KnownQuestion(text=ASKED, answer=text, rests_on=(RestsOn(source=source, quotes=(text,)),))
        for source, text in (("hr/0.md", SECRET), ("law.md", LAWSUIT), ("public.md", PUBLIC))
    ]
    jsonl.write(made.contender_folder("faq") / QUESTIONS, known)
    np.save(made.contender_folder("faq") / VECTORS, made.embedder("embedder").embed_queries([ASKED] * 3))
    vectors = made.embedder("embedder").embed_queries(["something else entirely"])
    np.save(made.contender_folder("router") / "trained.npy", vectors, allow_pickle=False)
    return made


def shown(items: Sequence[Any]) -> str:
    """All that is sent and cited."""
    return "".join(item if isinstance(item, str) else item.model_dump_json() for item in items)


def check_live_documents(world: WorldFolder, folder: Path, names: Sequence[str], asked: str) -> None:
    """A document that is added is read by the next question, for those who may see it; one that is deleted is not."""
    index = world.index(Retrieval(chunk_tokens=64))
    release = SimpleNamespace(number=1, contenders=names, created=datetime.now(UTC), measured=SimpleNamespace(sums={}))
    with LiveDocuments(world.store, [index]) as documents, Log(folder / "log.sqlite") as log:
        serving = Serving(SimpleNamespace(world=world, release=release), documents, log)

        def said(labels: Labels) -> str:
            question = Asked(id="one", model=asked, question="Where is the walrus?", typed="Where is the walrus?")
            items = list(serving.answer(question, labels))
            assert isinstance(items[-1], Answer) and items[-1].error is None
            return shown(items)

        assert "zebra pool" not in said(("zoo",))
        documents.put(Document(id="w", text="The walrus is in the zebra pool.", source="w.md", access=("zoo",)))
        assert "zebra pool" in said(("zoo",)) and "zebra pool" not in said(("hr",))
        documents.delete("w")
        assert "zebra pool" not in said(("zoo",))
