"""Promise 21: nobody sees what is not theirs.

A real server with documents of many labels, each with secret words, and callers with different keys. They ask every
contender in both APIs, whole and streamed, new questions and follow-ups, the overseer right before the others; they
list, read, judge, compare, export and follow links, also of each other. Then labels change, documents are replaced and
deleted, and all of it begins again. Whatever a caller is sent is read for words that are not theirs.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import bakeoff
from bakeoff.serve.keys import KeyFile
from tests.end_to_end.server_process import Server
from tests.end_to_end.small import PLANETS, make
from tests.torture.callers import OF, Caller, Reply, Watched
from tests.torture.canaries import Kept, Vault
from tests.torture.promise import Promise, Seen, Trial

LABELS = tuple(f"label{i:02}" for i in range(12))
CONTENDERS = ("rag", "extract", "long-context", "base", "faq", "cascade")
AT_ONCE = 1000
"""Documents in one request."""
N_THREADS = 6
N_WORDS = 3
"""Of a document, in its text, its title and its address."""
FORMS = ("chat", "preferences", "trl", "csv", "questions")
LINK = re.compile(r"/documents/[^\s\"\\#]+signature=\w+")
PAGE = {"Accept": "text/html"}


def trial(told: Trial) -> Seen:
    """Two rounds of everything, before and after documents and labels changed."""
    chance = told.chance()
    vault = Vault(chance)
    folder = _pilot(told.folder, vault)
    bakeoff.run(folder / "bakeoff.yaml", runs=folder / "runs")
    callers = _callers(KeyFile(folder / "keys.jsonl"), chance, told.times(10, 4))
    server = Server(folder, "--per-minute", "10000000", *(word for name in CONTENDERS for word in ("-c", name))).wait()
    watched = Watched(server.url, vault)
    visit = _Visit(watched, callers, chance)
    try:
        visit.adopt(folder)
        visit.fill(told.times(10_000, 200) // N_WORDS)
        for _ in range(2):
            visit.ask(told.times(1000, 30))
            visit.look_around(told.times(60, 3))
            visit.change(told.times(300, 20))
        visit.ask(told.times(300, 10))
    finally:
        server.stop()
    return Seen(_figures(visit), (*watched.broken, *_in_lines(server.said(), vault), *_blind(visit)))


def _figures(visit: "_Visit") -> str:
    watched = visit.watched
    return (
        f"{watched.vault.n_words:,} secret words, {len(visit.callers)} callers, {watched.n_replies:,} replies with "
        f"{watched.n_shown.total():,} words, {len(watched.broken)} of them to somebody who may not see one"
    )


def _blind(visit: "_Visit") -> list[str]:
    """A server that shows nothing to anybody would keep the promise, too."""
    n_shown = visit.watched.n_shown
    blind = [f"{one.name} saw nothing at all" for one in visit.callers if one.key and not n_shown[one.name]]
    ok = visit.watched.statuses[200]
    return blind if ok > visit.watched.n_replies / 2 else [*blind, f"only {ok} replies were good"]


def _in_lines(lines: str, vault: Vault) -> list[str]:
    """The server's own lines name addresses of documents that were asked for, and no other word."""
    spoken = re.sub(r'"path": ?"[^"]*"', "", lines)
    return [f"the server's lines say {sorted(vault.hidden(spoken, ()))[:3]}"] if vault.hidden(spoken, ()) else []


def _pilot(folder: Path, vault: Vault) -> Path:
    """A pilot about planets whose answers are secret words; every other document has a label."""
    kept = [vault.document([LABELS[i % 4]] if i % 2 else []) for i in range(len(PLANETS))]
    planets = {name: (one.words[0], one.words[1]) for name, one in zip(PLANETS, kept, strict=True)}
    path = make(
        folder / "pilot",
        planets,
        contenders=list(CONTENDERS),
        models={"generator": "tests.torture.canaries.repeating", "embedder": "hash"},
        generation={"max_new_tokens": 400},
    )
    for name, one in zip(PLANETS, kept, strict=True):
        file = path.parent / "docs" / f"{name.lower()}.md"
        file.write_text(f"---\naccess: [{', '.join(one.labels)}]\n---\n{file.read_text()}")
    return path.parent


def _callers(keys: KeyFile, chance: random.Random, n: int) -> list[Caller]:
    """One who sees all, one who sees what is public, some with labels, some of whom manage; and one without a key."""
    pairs = [tuple(chance.sample(LABELS, 2)) for _ in range(4)]
    held = [(label,) for label in LABELS[:6]] + pairs
    chance.shuffle(held)
    made = [Caller("overseer", keys.add("overseer", None, manages=True), None, manages=True)]
    made += [Caller("public", keys.add("public"), ()), Caller("nobody", "", ())]
    for i, labels in enumerate(held[:n]):
        manages = i % 3 == 0
        made.append(Caller(f"caller{i}", keys.add(f"caller{i}", labels, manages), labels, manages))
    return made


class _Answered(NamedTuple):
    """An answer that a caller got."""

    caller: Caller
    id: str
    asked: str


class _Visit:
    """All that the callers do."""

    def __init__(self, watched: Watched, callers: Sequence[Caller], chance: random.Random) -> None:
        self.watched = watched
        self.vault = watched.vault
        self.callers = callers
        self.overseer = callers[0]
        self._chance = chance
        self._answers: list[_Answered] = []
        self._links: list[str] = []

    def adopt(self, pilot: Path) -> None:
        """The documents of the pilot get the addresses that they have on the server."""
        listed = self.watched.send(self.overseer, "/documents").json()["documents"]
        ids = {one["source"]: one["id"] for one in listed}
        for file in sorted((pilot / "docs").iterdir()):
            text = file.read_text().partition("---\n")[2].partition("---\n")[2]
            one = next(one for one in self.vault.documents.values() if one.words[0] in text)
            (source,) = (source for source in ids if source.endswith(file.name))
            self.vault.adopt(one, ids[source], (source, text))

    def fill(self, n: int) -> None:
        """Adds documents of all labels, by the overseer and by those who manage what they see."""
        made = [self.vault.document(self._labels()) for _ in range(n)]
        for start in range(0, n, AT_ONCE):
            self._put(self.overseer, made[start : start + AT_ONCE])
        for caller in self.callers:
            if caller.manages and caller.labels:
                self._put(caller, [self.vault.document(caller.labels[:1])])
                sent = self.vault.document(caller.labels[:1])
                (added,) = self._upload(caller, sent).json()["added"]
                self.vault.adopt(sent, added["id"])

    def _labels(self) -> list[str]:
        return self._chance.sample(LABELS, self._chance.choice((0, 1, 1, 1, 2)))

    def _put(self, caller: Caller, documents: Sequence[Kept]) -> None:
        sent = [
            {"id": one.id, "text": one.text, "title": one.title, "source": one.source, "labels": one.labels}
            for one in documents
        ]
        reply = self.watched.send(caller, "/documents", {"documents": sent})
        if reply.status != 200:
            self.watched.broken.append(f"documents of {caller.name} were not taken: {reply.text[:200]}")

    def _upload(self, caller: Caller, one: Kept) -> Reply:
        """A file in a form. Its labels stand in its front matter."""
        text = f"---\naccess: [{', '.join(one.labels)}]\n---\n{one.text}"
        head = f'--b\r\nContent-Disposition: form-data; name="files"; filename="{one.source}"\r\n\r\n'
        form = {"Content-Type": "multipart/form-data; boundary=b"}
        return self.watched.send(
            caller, "/documents", headers=form, raw=f"{head}{text}\r\n--b--\r\n".encode(), method="POST"
        )

    def ask(self, n: int) -> None:
        """Asks about documents of all kinds: the overseer first, then others, at the same time as about the next."""
        topics = self._chance.choices(list(self.vault.documents.values()), k=n)
        seeds = [self._chance.random() for _ in topics]
        with ThreadPoolExecutor(N_THREADS) as threads:
            list(threads.map(self._ask_in_turn, topics, seeds))

    def _ask_in_turn(self, about: Kept, seed: float) -> None:
        chance = random.Random(seed)
        model = chance.choice(CONTENDERS)
        for caller in (self.overseer, *chance.sample(self.callers, 3)):
            self._ask(caller, about, model, chance)

    def _ask(self, caller: Caller, about: Kept, model: str, chance: random.Random) -> None:
        planet = chance.choice(list(PLANETS))
        asked = chance.choice(
            (f"What is the secret of {about.topic}?", f"What colour is the noon sky of {planet}?", f"{about.topic}")
        )
        own = self.vault.said(OF + caller.name) if caller.key else ""
        turns = [{"role": "user", "content": f"{asked} {own}"}]
        if chance.random() < 0.3:
            said = {"role": "assistant", "content": f"It is about {about.topic}."}
            turns += [said, {"role": "user", "content": chance.choice(("And its year?", "Who knows it?", "Why?"))}]
        path, field = chance.choice((("/v1/chat/completions", "messages"), ("/v1/responses", "input")))
        stream = chance.random() < 0.5
        reply = self.watched.send(caller, path, {"model": model, field: turns, "stream": stream})
        self._links += LINK.findall(reply.text)[:2]
        if reply.status == 200 and not stream:
            self._answers.append(_Answered(caller, reply.json()["id"], turns[0]["content"]))

    def look_around(self, n: int) -> None:
        """Each caller reads all that there is to read, and what others were given."""
        for caller in self.callers:
            for path in self._paths(n):
                self.watched.send(caller, path)
            for act in (self._judge, self._follow, self._write):
                act(caller, n)

    def _paths(self, n: int) -> Iterator[str]:
        chance = self._chance
        yield from ("/documents?limit=1000", "/documents/changes?n=1000", "/history?n=200", "/access", "/health")
        yield from ("/metrics", "/monitor/figures", "/review/state", "/openapi.json", "/v1/models", "/models/rag")
        yield from (f"/log/export?form={form}&which=all" for form in FORMS)
        yield from (f"/history?key={other.name}" for other in chance.sample(self.callers, 2))
        for one in chance.sample(list(self.vault.documents.values()), n):
            place = f"/documents/{quote(one.id, safe='')}"
            yield from (place, f"{place}?form=lines&start=0&end=9", f"{place}?version={chance.randint(1, 9)}")
            yield from (f"/documents?query={one.topic}", f"/documents?after={quote(one.source)}&limit=2")
        for answer in chance.sample(self._answers, min(n, len(self._answers))):
            yield f"/review/answers/{answer.id}"

    def _judge(self, caller: Caller, n: int) -> None:
        """Thumbs with right answers, and comparisons, on the caller's answers and on those of others."""
        for answer in self._chance.sample(self._answers, min(n, len(self._answers))):
            right = self.vault.said(OF + caller.name)
            body = {"up": self._chance.random() < 0.5, "right_answer": f"It is {right}."}
            self.watched.send(caller, f"/answers/{answer.id}/thumb", body)
            other = self._chance.choice(self._answers).id
            self.watched.send(caller, "/comparisons", {"answers": [answer.id, other], "preferred": answer.id})

    def _follow(self, caller: Caller, n: int) -> None:
        """Links of others, made to lead to other documents and versions. Whose link it was may read what it opened."""
        for link in self._chance.sample(self._links, min(n, len(self._links))):
            hidden = quote(self._chance.choice(list(self.vault.documents.values())).id, safe="")
            for changed in (
                re.sub(r"/documents/[^?]+", f"/documents/{hidden}", link),
                re.sub(r"for=\w+", f"for={caller.name}", link),
                re.sub(r"version=\d+", "version=1", link),
            ):
                if changed != link:
                    self.watched.send(Caller(caller.name, "", caller.labels), changed, headers=PAGE)
            self._open(link)

    def _open(self, link: str) -> None:
        """The link as it was made, by somebody without a key: it shows what its maker may see now."""
        named = re.search(r"for=(\w+)", link)
        maker = next(one for one in self.callers if named and one.name == named.group(1))
        self.watched.send(Caller(maker.name, "", maker.labels, maker.manages), link, headers=PAGE)

    def _write(self, caller: Caller, n: int) -> None:
        """Addresses of hidden documents are taken; nobody replaces or deletes these."""
        for one in self._chance.sample(list(self.vault.documents.values()), n // 3):
            if self.vault.hidden(one.text, caller.held):
                place = f"/documents/{quote(one.id, safe='')}"
                self.watched.send(caller, place, {"text": "Mine now."}, "PUT")
                self.watched.send(caller, place, method="DELETE")
                self.watched.send(caller, "/documents/mine", {"text": "Mine now.", "source": one.source}, "PUT")
                self._upload(caller, one)

    def change(self, n: int) -> None:
        """Documents get other labels, are replaced or deleted."""
        chance, gone = self._chance, list[str]()
        changes: list[Callable[[Kept], Kept]] = [
            lambda one: self.vault.relabel(one.id, self._labels()),
            lambda one: self.vault.document(self._labels(), one),
            lambda one: self.vault.document(one.labels, one),
        ]
        every = list(self.vault.documents.values())
        chosen = [*chance.sample(every, n), *(one for one in every if one.file[1] and chance.random() < 0.5)]
        chosen = list(dict.fromkeys(chosen))
        for one in chosen[: n // 5]:
            self.vault.delete(one.id)
            gone.append(one.id)
        self._put(self.overseer, [chance.choice(changes)(one) for one in chosen[n // 5 :]])
        self.watched.send(self.overseer, "/documents", {"deleted": gone})


PROMISES = (
    Promise(
        21,
        "nobody sees what is not theirs",
        "10,000 canaries over labels, filters, caches, citations, compare view, logs: none",
        trial,
    ),
)
