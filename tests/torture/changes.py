"""Promise 14: changes of texts and labels take effect, in the index and in what a server answers.

Random changes, each followed by searches of everybody: never an old text, the new one at once, and nothing for somebody
who may not see it any more.
"""

import json
import random
import re
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import bakeoff
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.keys import KeyFile
from tests.end_to_end.server_process import Server
from tests.end_to_end.small import make
from tests.torture.document_writer import document, opened
from tests.torture.documents import index_faults
from tests.torture.promise import Promise, Seen, Trial

VISIBLE_S = 2.0
N_DOCUMENTS = 30
Access = tuple[str, ...]
ACCESS: tuple[Access, ...] = ((), ("staff",), ("sales",), ("staff", "sales"))
"""The labels that documents get, and those that callers hold."""
CALLERS: tuple[Access | None, ...] = (None, *ACCESS)
"""None sees everything."""
MARK = re.compile(r"Mark\d+")
Texts = dict[str, str]
"""The text of each document, by its name."""


class Place(NamedTuple):
    """Where documents are changed and found.

    `change` gives a document a text and labels, or deletes it. `find` gives the texts that a caller finds for a word,
    by document.
    """

    change: Callable[[str, str | None, Access], None]
    find: Callable[[str, Access | None], Mapping[str, str]]


class Tried(NamedTuple):
    """The longest time in seconds from a change until all callers found it, the texts at the end, what was wrong."""

    slowest_s: float
    texts: Texts
    broken: list[str]


def trial(told: Trial) -> Seen:
    """As many changes of an index as of a server's documents."""
    with opened(told.folder / "live") as documents:
        in_index = takes_effect(_in_index(documents), n := told.times(1000, 60), told.chance())
        in_index.broken.extend(index_faults(documents, in_index.texts))
    with _served(told.folder) as place:
        over_http = takes_effect(place, n_served := told.times(1000, 20), told.chance())
    broken = [*in_index.broken, *(f"over HTTP, {fault}" for fault in over_http.broken)]
    slow = [tried.slowest_s for tried in (in_index, over_http) if tried.slowest_s > VISIBLE_S]
    return Seen(
        f"{n} changes of texts and labels, each looked for by {len(CALLERS)} callers, the slowest visible to all after "
        f"{1000 * in_index.slowest_s:.0f} ms; {n_served} over HTTP, the slowest answered to all after "
        f"{1000 * over_http.slowest_s:.0f} ms",
        (*broken, *(f"a change took {seconds:.1f} s" for seconds in slow)),
    )


def takes_effect(place: Place, n: int, chance: random.Random) -> Tried:
    """So many random changes, and what each caller found after each of them."""
    texts, access, broken, slowest = Texts(), dict[str, Access](), list[str](), 0.0
    for number in range(n):
        name = f"d{chance.randrange(N_DOCUMENTS):02}"
        old, mark, kind = texts.get(name), f"Mark{number}", chance.random()
        if kind < 0.3:
            wanted = None
        else:  # a third of the changes of a document that is there changes its labels alone
            wanted = old if old and kind < 0.5 else f"{mark} stands in {name}."
            access[name] = chance.choice(ACCESS)
        begun = time.perf_counter()
        place.change(name, wanted, access.get(name, ()))
        if wanted is None:
            texts.pop(name, None)
        else:
            texts[name] = wanted
        asked = (wanted or old or mark).split()[0]
        seen = {who: place.find(asked, who) for who in CALLERS}
        slowest = max(slowest, time.perf_counter() - begun)
        broken += [f"step {number}: {fault}" for fault in _stale(seen, name, wanted, old, access, texts)]
    return Tried(slowest, texts, broken)


def _in_index(documents: LiveDocuments) -> Place:
    (index,) = documents._indexes

    def change(name: str, wanted: str | None, labels: Access) -> None:
        if wanted is None:
            documents.put_all([], [name])
        else:
            documents.put(document(name, wanted, labels))

    def find(word: str, who: Access | None) -> dict[str, str]:
        hits = index.search([word], 5) if who is None else index.search_visible([word], 5, who)
        return {hit.chunk.document_id: hit.chunk.text for hit in hits[0]}

    return Place(change, find)


def marking() -> ScriptedGenerator:
    """A model that says which marks stand in the passages that it was shown."""
    return ScriptedGenerator(lambda message: " ".join(MARK.findall(message.rpartition("\n")[0])) or "none")


@contextmanager
def _served(folder: Path) -> Iterator[Place]:
    """A server of its own process, with a key for every caller."""
    models = {"generator": "tests.torture.changes.marking", "embedder": "hash"}
    pilot = make(folder / "pilot", contenders=["base", "rag"], models=models, generation={"max_new_tokens": 200}).parent
    bakeoff.run(pilot / "bakeoff.yaml", runs=pilot / "runs")
    file = KeyFile(pilot / "keys.jsonl")
    keys = {who: file.add(f"caller{i}", who, manages=who is None) for i, who in enumerate(CALLERS)}
    server, said = Server(pilot, "-c", "rag", "--per-minute", "1000000").wait(), dict[str, tuple[str, str]]()
    newest = Texts()

    def send(path: str, body: object, who: Access | None) -> str:
        head = {"Content-Type": "application/json", "Authorization": f"Bearer {keys[who]}"}
        request = urllib.request.Request(server.url + path, json.dumps(body).encode(), head)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.read().decode()

    def change(name: str, wanted: str | None, labels: Access) -> None:
        if wanted is None:
            send("/documents", {"deleted": [name]}, None)
        else:
            said[wanted.split()[0]], newest[name] = (name, wanted), wanted
            one = {"id": name, "text": wanted, "title": name, "source": f"{name}.md", "labels": list(labels)}
            send("/documents", {"documents": [one]}, None)

    def find(word: str, who: Access | None) -> dict[str, str]:
        turns = [{"role": "user", "content": f"Where does {word} stand?"}]
        reply = json.loads(send("/v1/chat/completions", {"model": "rag", "messages": turns}, who))
        found = dict[str, str]()
        for mark in MARK.findall(json.dumps(reply)):  # in the answer and in what it cites
            name, text = said[mark]
            if found.get(name) in (None, newest[name]):  # an old text stays, so that it is told
                found[name] = text
        return found

    try:
        yield Place(change, find)
    finally:
        server.stop()


def _stale(
    seen: Mapping[Access | None, Mapping[str, str]],
    name: str,
    wanted: str | None,
    old: str | None,
    access: Mapping[str, Access],
    texts: Texts,
) -> list[str]:
    """What is wrong with what each caller found after `name` was changed from `old` to `wanted`."""
    faults = list[str]()
    for who, found in seen.items():
        may = wanted is not None and (who is None or not access[name] or bool({*who} & {*access[name]}))
        if may and found.get(name) != wanted:
            faults.append(f"{name} is not found by {who}, or as it was: {found.get(name)!r}")
        if not may and name in found:
            faults.append(f"{name} is found by {who}, who may not see it")
        if old != wanted and old in found.values():
            faults.append(f"{who} finds {name} as it was")
        if any(texts.get(one) != text for one, text in found.items()):
            faults.append(f"{who} finds a text that nobody has")
        if who is not None and any(access[one] and not {*who} & {*access[one]} for one in found):
            faults.append(f"{who} finds what has other labels")
    return faults


PROMISES = (
    Promise(
        14,
        "updates and deletions take effect",
        "1,000 changes of texts and labels: no stale hit, visible within 2 s",
        trial,
    ),
)
