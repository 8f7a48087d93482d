"""What a deployment serves, as a contender of a learning round: the same object, asked the same questions.

Takes the folder of a release. It answers with the release's own weights, templates and fitted values, from the
documents of the round, so that it and the candidates read the same texts. Nothing of it is built or fitted again.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bakeoff import catalogue
from bakeoff.contenders.built import Fitted, Given
from bakeoff.contenders.load import make_recipe
from bakeoff.contenders.recipe import Material, Recipe
from bakeoff.contenders.spec import Entry, Spec
from bakeoff.contenders.streaming import stream_of
from bakeoff.contenders.world import WorldFolder
from bakeoff.measure.comparison import Entrant
from bakeoff.models.settings import ModelSettings
from bakeoff.protocols import Contender
from bakeoff.records import Answer, Question, Record

LIVE = "live"
"""Its name in a round."""
RECIPE = catalogue.LIVE


class Where(Record):
    """Which contender of which release: its folder and its name there. `imports_from`: where your own classes are."""

    release: str
    contender: str
    imports_from: str | None = None


def live_entry(name: str, where: Where) -> Entry:
    """The entry of a configuration that adds what is served under this name."""
    return Entry(name=name, like=RECIPE, options=where.model_dump())


class Live(Recipe):
    """The recipe for what is served now."""

    name = LIVE
    title = "Served now"
    summary = "what the deployment serves now"
    Options = Where
    declines = False
    presents = ()
    respects_labels = False
    options: Where

    def __init__(self, spec: Spec) -> None:
        super().__init__(spec)
        where = self.options
        imports_from = Path(where.imports_from) if where.imports_from else None
        released = WorldFolder(Path(where.release), {}, imports_from)
        self._built = released.built(where.contender)
        self._inner = make_recipe(self._built.spec, imports_from)
        own = {"name": spec.name, "recipe": spec.recipe, "options": spec.options, "parts": {}}
        self.spec = self._built.spec.model_copy(update=own)
        self.asks_model, self.retrieves, self.shows = False, self._inner.retrieves, self._inner.shows  # type: ignore[misc]

    def entrant(self, models: Mapping[str, ModelSettings]) -> Entrant:
        """As the release describes it, outside the grid: its parts are there already and cost nothing to set up."""
        return self._built.entrant.model_copy(
            update={
                "name": self.spec.name,
                "title": self.title,
                "summary": f"{self.summary}: {self._built.spec.name}",
                "axes": None,
                "is_baseline": False,
                "parts": (),
                "behind": (),
            }
        )

    def calibrate(self, world: Any, material: Material, fitted: Fitted, given: Given) -> Fitted:
        """The values that the release was fitted with."""
        return self._built.fitted

    def open(self, world: Any, fitted: Fitted, given: Given | None = None) -> "Renamed":
        """The contender of the release, reading the documents of this world."""
        where = self.options
        imports_from = Path(where.imports_from) if where.imports_from else None
        released = WorldFolder(Path(where.release), world.models, imports_from, documents=world.documents)
        return Renamed(self.spec.name, released.open(where.contender))


class Renamed:
    """A contender under another name: its answers carry it."""

    def __init__(self, name: str, inner: Contender) -> None:
        self.name = name
        self._inner = inner

    @property
    def decides_before_streaming(self) -> bool:
        return getattr(self._inner, "decides_before_streaming", False) is True

    def answer(self, questions: Sequence[Question]) -> list[Answer]:
        return [answer.model_copy(update={"contender": self.name}) for answer in self._inner.answer(questions)]

    def stream(self, question: Question) -> Iterator[str | Answer]:
        for piece in stream_of(self._inner, question):
            yield piece.model_copy(update={"contender": self.name}) if isinstance(piece, Answer) else piece
