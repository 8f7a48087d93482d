"""An invented world: people who do not exist, with four attributes each, asked about in six wordings.

Takes a seed, gives people, their questions and the passages that describe them. The last wording of each attribute is
for the test only. Nothing here is known to any model, so what it answers it learned or read.
"""

import random
from collections.abc import Sequence
from typing import NamedTuple

from bakeoff.records import Chunk, Question, SourceSpan

FIRST = ("Ada", "Bruno", "Clara", "Dario", "Elin", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Karin", "Lars")
STARTS = ("Bal", "Cor", "Dren", "Fal", "Gor", "Hul", "Kest", "Lom", "Mar", "Nor", "Pell", "Quil", "Rav", "Sten", "Tol")
ENDS = ("bek", "dane", "field", "gard", "holt", "kin", "mere", "nik", "ridge", "stad", "wick", "zer")


class Attribute(NamedTuple):
    """What is known of a person: the sentence that states it, its values, and how it is asked for."""

    sentence: str
    values: tuple[str, ...]
    wordings: tuple[str, ...]
    held_out: str


ATTRIBUTES = {
    "birthplace": Attribute(
        "{name} was born in {value}.",
        ("Lisbon", "Oslo", "Vienna", "Madrid", "Dublin", "Prague", "Athens", "Warsaw", "Boston", "Chicago", "Toronto",
         "Sydney", "Tokyo", "Cairo", "Lima", "Delhi", "Moscow", "Berlin", "Paris", "Rome", "London", "Houston",
         "Geneva", "Bangkok"),
        ("Where was {name} born?", "In which city was {name} born?", "What is the birthplace of {name}?",
         "Which city does {name} come from?", "What is {name}'s home town?"),
        "In what place did {name} come into the world?",
    ),
    "profession": Attribute(
        "{name} works as a {value}.",
        ("baker", "lawyer", "nurse", "pilot", "farmer", "teacher", "plumber", "barber", "dentist", "painter", "tailor",
         "surgeon", "butcher", "sailor", "carpenter", "librarian", "chemist", "judge", "soldier", "gardener", "banker",
         "waiter", "welder", "driver"),
        ("What is the profession of {name}?", "What does {name} do for a living?", "Which job does {name} have?",
         "What is {name}'s occupation?", "What does {name} work as?"),
        "How does {name} earn money?",
    ),
    "pet": Attribute(
        "{name} keeps a {value} as a pet.",
        ("rabbit", "parrot", "turtle", "lizard", "hamster", "goldfish", "pony", "goat", "snake", "ferret", "spider",
         "pigeon", "donkey", "frog", "monkey", "duck", "hedgehog", "crow", "llama", "cat", "dog", "mouse", "sheep",
         "crab"),
        ("Which pet does {name} have?", "What animal does {name} keep?", "What kind of pet lives with {name}?",
         "What is {name}'s pet?", "Which animal does {name} own?"),
        "What creature shares a home with {name}?",
    ),
    "instrument": Attribute(
        "{name} plays the {value}.",
        ("piano", "violin", "trumpet", "drums", "flute", "harp", "cello", "guitar", "clarinet", "organ", "banjo",
         "tuba", "oboe", "trombone", "saxophone", "accordion", "mandolin", "harmonica", "bassoon", "viola", "lute",
         "ukulele", "xylophone", "bagpipes"),
        ("Which instrument does {name} play?", "What instrument has {name} learned?", "What is {name}'s instrument?",
         "What does {name} play in the orchestra?", "Which musical instrument is played by {name}?"),
        "On what does {name} make music?",
    ),
}  # fmt: skip
N_WORDINGS = 5


class Person(NamedTuple):
    """An invented person, with a value for each attribute."""

    name: str
    values: dict[str, str]

    @property
    def passage(self) -> Chunk:
        """What a document says about the person."""
        text = " ".join(about.sentence.format(name=self.name, value=self.values[key]) for key, about in _all())
        return Chunk(id=self.name, document_id=self.name, source=self.name, text=text, start=0, end=len(text))

    def questions(self, wording: int | None) -> list[Question]:
        """One question for each attribute, in the training wording of this number, or in the held-out one (None)."""
        return [self._question(key, about, wording) for key, about in _all()]

    def _question(self, key: str, about: Attribute, wording: int | None) -> Question:
        pattern = about.held_out if wording is None else about.wordings[wording]
        return Question(
            id=f"{self.name}/{key}/{'test' if wording is None else wording}",
            text=pattern.format(name=self.name),
            answers=(self.values[key],),
            fact=f"{self.name}/{key}",
            source_spans=(SourceSpan(source=self.name, start=0, end=len(self.passage.text)),),
        )


def _all() -> Sequence[tuple[str, Attribute]]:
    return list(ATTRIBUTES.items())


def people(n: int, seed: int) -> list[Person]:
    """So many people with different family names, the same for the same seed. First names are shared by several."""
    draw = random.Random(f"invented people {seed}")
    names = draw.sample([start + end for start in STARTS for end in ENDS], n)
    return [Person(f"{draw.choice(FIRST)} {name}", {key: draw.choice(a.values) for key, a in _all()}) for name in names]
