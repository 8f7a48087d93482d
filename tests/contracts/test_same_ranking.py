"""Documents in files, in PostgreSQL and in a bucket are found in the same order, in any language."""

import random
import re
from pathlib import Path
from typing import cast

import pytest

from bakeoff.corpus.sources.folders import read_documents
from bakeoff.corpus.stores import keep_in, open_store
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document
from bakeoff.retrieval.opening import open_index
from bakeoff.retrieval.searching import Filter, HybridSearch

QUERIES = {
    "en": ["How long is the warranty of the leak sensor?", "IT or it?", "running runs ran, running runs"],
    "de": ["Wie lange dauern die Häuser in den Straßen?", "Größe der größten Gefäße"],
    "ja": ["保証は3年です", "返品"],
}
SENTENCES = {
    "de": "Die Häuser der Straße sind groß und alt. Das größte Gefäß fasst drei Liter Wasser. Längere Dauer macht "
    "kürzere Wege. Ein Haus an der längsten Straße der Stadt steht leer. Wer die Gefäße füllt, misst ihre Größe.",
    "ja": "保証は3年です。返品は30日以内にお願いします。製品の保証期間について説明します。"
    "返品の送料はお客様の負担です。電源が入らない場合は修理を依頼してください。",
}


def texts_in(language: str, example: Path) -> list[str]:
    """The documents of the example, or texts of some sentences each, drawn with a fixed seed."""
    if language == "en":
        return [document.text for document in read_documents([example / "documents"]).documents]
    sentences = re.findall(r"[^.。]+[.。] ?", SENTENCES[language])
    chance = random.Random(4)
    return ["".join(chance.choices(sentences, k=6)) for _ in range(20)]


@pytest.mark.parametrize("other", ["vectors_address", "bucket_address"])
@pytest.mark.parametrize("language", QUERIES)
def test_files_and_other_places_rank_alike(
    language: str, other: str, example: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The same hits and scores up to rounding: by words, by vectors, by both, behind filters."""
    documents = [
        Document(id=f"d{i}", source=f"{'ab'[i % 2]}/{i}.md", text=text, access=[(), ("x",), ("y", "z")][i % 3])
        for i, text in enumerate(texts_in(language, example))
    ]
    indexes = []
    for name, address in (("files", ""), ("elsewhere", request.getfixturevalue(other))):
        folder = tmp_path / name
        keep_in(folder, address)
        folder.mkdir(exist_ok=True)
        store, index = open_store(folder), open_index(folder, "index", HashEmbedder(dimension=64), 48)
        store.upsert(documents)
        index.sync(store)
        indexes.append(cast("HybridSearch", index))
    files, elsewhere = indexes
    assert files.language == elsewhere.language == language
    for where in (Filter(), Filter(access=("x",)), Filter(source_prefix="a/", access=())):
        for way in ("search", "search_bm25", "search_dense"):
            for query in QUERIES[language]:
                (a,), (b,) = (getattr(index, way)([query], 10, where) for index in (files, elsewhere))
                assert [hit.chunk for hit in a] == [hit.chunk for hit in b]
                assert [hit.score for hit in a] == pytest.approx([hit.score for hit in b], abs=5e-5)
    assert any(files.search_bm25([query], 1)[0] for query in QUERIES[language])
