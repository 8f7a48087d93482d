"""The index in any language: BM25 finds words in every script, and the embedder counts for less where it is no help."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.models.embed import HashEmbedder
from bakeoff.records import Document
from bakeoff.retrieval.coverage import Languages, coverage_warning, covers_text
from bakeoff.retrieval.hybrid import HybridIndex
from bakeoff.retrieval.lance_table import read_state
from bakeoff.retrieval.search_words import search_words

LONG = "9b1c" * 15
TEXTS = {
    "ja": "保証期間は3年です。返品は30日以内に限ります。",
    "ja2": "営業時間は9時から17時までです。",
    "ja3": "水が入っていません。",
    "zh": "保修期为三年，自购买之日起计算。",
    "ko": "보증 기간은 3년이며 본사는 서울에 있습니다.",
    "th": "รับประกันสามปีและคืนสินค้าได้ภายในสามสิบวัน",
    "hi": "इस उत्पाद की वारंटी तीन साल की है और प्रश्नों के लिए फ़ोन करें।",
    "ar": "مُدَّة الضمان ثلاث سنوات من تاريخ الشراء.",
    "el": "Η εγγύηση διαρκεί τρία χρόνια.",
    "ru": "Гарантия ещё действует три года.",
    "hash": f"The build {LONG} is signed.",
    "staff": "Ask the IT people, or a doctor of the WHO.",
    "wide": "型番はＫ１－２０４です。",
    "other": "Nothing of this is about it, and who asks us will not be told.",
}
QUERIES = [
    ("保証期間", "ja"),
    ("営業時間は何時から？", "ja2"),
    ("水", "ja3"),
    ("保修期多长", "zh"),
    ("보증기간", "ko"),
    ("서울", "ko"),
    ("รับประกันกี่ปี", "th"),
    ("प्रश्न वारंटी", "hi"),
    ("ضمان", "ar"),
    ("εγγύηση", "el"),
    ("гарантия", "ru"),
    ("еще", "ru"),
    (LONG, "hash"),
    ("IT", "staff"),
    ("Where is the WHO?", "staff"),
    ("K1-204", "wide"),
]


class EnglishOnly(HashEmbedder):
    """Says that it was made for English."""

    languages = ("en",)


def indexed(folder: Path, texts: dict[str, str], embedder: HashEmbedder | None = None) -> HybridIndex:
    folder.mkdir(exist_ok=True)
    store = SqliteStore(folder / "store.sqlite")
    store.replace_all(Document(id=name, text=text, source=f"{name}.md") for name, text in texts.items())
    index = HybridIndex.open(folder / "index", embedder or HashEmbedder(64))
    index.sync(store)
    return index


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> HybridIndex:
    return indexed(tmp_path_factory.mktemp("mixed"), TEXTS)


@pytest.mark.parametrize(("query", "document"), QUERIES)
def test_bm25_finds_words_in_every_script(index: HybridIndex, query: str, document: str) -> None:
    """Parts of longer runs of letters, other forms of a word, long codes, and names in capitals that are stop words."""
    hits = index.search_bm25([query], 3)[0]
    assert [hit.chunk.document_id for hit in hits][:1] == [document]


@pytest.mark.parametrize(
    ("language", "text", "query"),
    [
        (
            "de",
            "Unsere Garantien gelten ab dem Kauf der Geräte drei Jahre lang und sind nicht übertragbar.",
            "Garantie",
        ),
        (
            "fr",
            "Les bouilloires sont garanties trois ans à compter de la date de leur achat par le client.",
            "bouilloire",
        ),
        ("es", "Los hervidores tienen una garantía de tres años a partir de la fecha de la compra.", "hervidor"),
    ],
)
def test_words_are_stemmed_by_the_rules_of_the_documents_language(
    tmp_path: Path, language: str, text: str, query: str
) -> None:
    """It is chosen at the first sync and kept."""
    index = indexed(tmp_path, {"a": text, "b": text.split()[-1]})
    state = read_state(tmp_path / "index")
    assert state is not None and state.language == language
    assert [hit.chunk.document_id for hit in index.search_bm25([query], 1)[0]] == ["a"]
    again = HybridIndex.open(tmp_path / "index", HashEmbedder(64))
    assert [hit.chunk.document_id for hit in again.search_bm25([query], 1)[0]] == ["a"]


def test_english_texts_stay_as_they_are() -> None:
    """Only names in capitals that are frequent words get a mark, and not where everything is in capitals."""
    plain = "The warranty of model K1-204 is 24 months; see https://a.example/b."
    assert search_words(plain) == plain
    assert search_words("WHO OWNS IT") == "WHO OWNS IT"
    assert search_words("the US office") == "the UScapitals office"


class Fixed(EnglishOnly):
    """Puts one passage first, whatever is asked."""

    def embed_passages(self, texts: Sequence[str]):
        vectors = super().embed_passages(["x"] * len(texts))
        for row, text in enumerate(texts):
            if "送料" not in text and "postage" not in text:
                vectors[row] = super().embed_passages(["other"])[0]
        return vectors

    def embed_queries(self, texts: Sequence[str]):
        return super().embed_passages(["other"] * len(texts))


def test_the_words_decide_where_the_embedder_was_not_made_for_the_language(tmp_path: Path) -> None:
    """An English embedder prefers the wrong passage in both languages: it is followed in English only."""
    texts = {
        "ja": "送料は550円です。",
        "ja2": "返品は30日です。送る。",
        "en": "The postage is 5.",
        "en2": "The parcel, postal.",
    }
    found = indexed(tmp_path, texts, Fixed(64)).search(["送料", "送料は？"], 1)
    assert [hits[0].chunk.document_id for hits in found] == ["ja", "ja"]


def test_what_the_embedder_does_not_cover_is_said() -> None:
    """With the languages and what to do; nothing where it covers them or says nothing about itself."""
    warning = coverage_warning("mini", ("en",), Languages(shares={"ja": 0.75, "en": 0.25}))
    assert warning is not None
    assert "Japanese" in warning and "mini was made for English" in warning and "BM25" in warning
    assert "English (25" not in warning
    assert coverage_warning("mini", ("en",), Languages(shares={"en": 1.0})) is None
    assert coverage_warning("mini", None, Languages(shares={"ja": 1.0})) is None
    assert coverage_warning("many", ("en", "ja"), Languages(shares={"ja": 1.0})) is None


def test_whether_an_embedder_covers_a_question() -> None:
    """By the script of the question; in Latin letters by the language of the passages."""
    assert not covers_text(("en",), "保証は？", [])
    assert covers_text(
        ("en",), "How long?", ["The warranty of the kettle is three years from the day that you bought it."]
    )
    german = "Die Garantie gilt drei Jahre ab dem Kauf des Geräts, und Sie können es zurückgeben."
    assert not covers_text(("en",), "Wie lange?", [german])
    assert covers_text(None, "保証は？", [])


ENGLISH = "The warranty of the lamp is two years, and the shop that sold it is the one to ask for a new one. " * 3
GERMAN = "Die Garantie der Lampe beträgt zwei Jahre, und das Geschäft, das sie verkauft hat, ersetzt sie kostenlos. "
JAPANESE = "この製品の保証期間は購入日から二年間です。修理をご希望のお客様は販売店までご連絡ください。" * 2


def test_a_language_of_two_documents_or_questions_is_named_with_its_counts() -> None:
    """However small its share of the letters. One document or question, or a sign in an English one, names none."""
    questions = ["保証期間はどのくらいですか", "修理はどこでできますか", "Is α an angle?", "What is β?", "Гарантия?"]
    written = Languages.of([*[ENGLISH * 9] * 20, *[JAPANESE] * 2, GERMAN * 2], questions)
    assert written.shares.keys() == {"en"}
    assert written.codes == ["en", "ja"]
    assert written.in_words(written.codes).endswith("Japanese (2 documents, 2 questions)")
    warning = coverage_warning("mini", ("en",), written)
    assert warning is not None
    assert "There are texts in Japanese (2 documents, 2 questions), but the embedder mini" in warning
    assert coverage_warning("mini", ("en", "ja"), written) is None
    only_asked = Languages.of([ENGLISH], questions)
    assert "Japanese (2 questions)" in str(coverage_warning("mini", ("en",), only_asked))
