"""Contenders answer in order, cite what they showed, and decline by one rule."""

import urllib.error
from types import SimpleNamespace

import numpy as np
import pytest

from bakeoff.contenders.access import Guarded
from bakeoff.contenders.custom import HeldToContract
from bakeoff.contenders.declining import declines
from bakeoff.contenders.direct import Direct
from bakeoff.contenders.extractor import Extractor, sentences, words_to_copy
from bakeoff.contenders.grounded import Grounded
from bakeoff.contenders.load import make_recipes
from bakeoff.contenders.long_context import reason_not_to_fit
from bakeoff.contenders.recipe import Fitted, Material
from bakeoff.contenders.remembering import Remembering
from bakeoff.contenders.router import Router
from bakeoff.contenders.routing import Familiarity, Routed, calibrate_routing
from bakeoff.contenders.spec import Spec
from bakeoff.contenders.streaming import stream_of
from bakeoff.errors import ConfigError, ContenderError
from bakeoff.files import jsonl
from bakeoff.measure.collect import collect
from bakeoff.models.cancelling import Caller, CallerGoneError, on_behalf_of
from bakeoff.models.prompts import CLOSED_BOOK, GROUNDED, PromptTemplate
from bakeoff.questions.answer_lengths import AnswerLengths
from bakeoff.records import Answer, Document, GenerationSettings, Hit, Origin
from tests.unit.fakes import FakeGenerator, FakeRetriever, WordEmbedder, answer, chunk, question

EIGHT = GenerationSettings(max_new_tokens=8)


def test_closed_book_answers_in_order_without_passages():
    """Two questions, two answers, no citation."""
    generator = FakeGenerator({"question a": "one", "question b": "two"})
    contender = Direct("base", generator, CLOSED_BOOK, EIGHT)
    found = contender.answer([question("b"), question("a")])
    assert [(one.question_id, one.text) for one in found] == [("b", "two"), ("a", "one")]
    assert all(one.contender == "base" and not one.citations for one in found)


def test_rag_shows_and_cites_the_same_chunks():
    """The chunks in the prompt are the citations, best first."""
    generator = FakeGenerator({"question a": "one"})
    contender = Grounded(
        "rag", FakeRetriever([chunk("x", "first"), chunk("y", "second")]), generator, GROUNDED, 2, EIGHT
    )
    found = contender.answer([question("a")])[0]
    assert [hit.chunk.source for hit in found.citations] == ["x", "y"]
    assert generator.prompts[0].messages[-1].content == "first\n\nsecond\n\nQuestion: question a"
    assert found.usage.seconds > 0.01 and found.usage.completion_tokens == 1


def test_rag_leaves_out_passages_that_do_not_fit_the_context():
    """A short context gets the best passages that fit, and cites only those."""
    long = "word " * 60
    generator = FakeGenerator(context_tokens=64 + 8 + 30 + 80)
    contender = Grounded("rag", FakeRetriever([chunk("x", long), chunk("y", long)]), generator, GROUNDED, 2, EIGHT)
    assert [hit.chunk.source for hit in contender.answer([question("a")])[0].citations] == ["x"]


@pytest.mark.parametrize("recipe", ["direct", "grounded"])
def test_a_callers_instructions_follow_the_contenders_own(recipe: str) -> None:
    """They take room that passages would have. Without them the prompt is the one that was measured."""
    passage = "word " * 60
    generator = FakeGenerator(context_tokens=64 + 8 + 30 + 80)
    contender = (
        Direct("base", generator, CLOSED_BOOK, EIGHT)
        if recipe == "direct"
        else Grounded("rag", FakeRetriever([chunk("x", passage)]), generator, GROUNDED, 1, EIGHT)
    )
    template = CLOSED_BOOK if recipe == "direct" else GROUNDED
    told = question("a").model_copy(update={"instructions": "Answer in rhyme. " * 15})
    answers = contender.answer([question("a"), told])
    systems = [prompt.messages[0].content for prompt in generator.prompts]
    assert systems == [template.system, f"{template.system}\n\n{told.instructions}"]
    assert [len(one.citations) for one in answers] == ([0, 0] if recipe == "direct" else [1, 0])


def test_a_text_that_says_so_or_a_low_confidence_declines():
    """Both ways of not knowing count, for every contender alike."""
    assert declines("I don't know.", -0.1, None)
    assert declines("24 months", -2.0, -1.0)
    assert not declines("24 months", -0.5, -1.0)
    assert not declines("24 months", None, -1.0)


def test_extract_copies_the_sentence_that_shares_the_questions_words():
    """The answer is verbatim text of the chunk that is cited first."""
    retriever = FakeRetriever(
        [
            chunk("x", "Our office is in Leith. The dog sleeps."),
            chunk("y", "The warranty lasts 24 months. Call us."),
        ]
    )
    embedder = WordEmbedder("warranty months office leith")
    found = Extractor("extract", retriever, embedder, 2).answer([question("a", "How long is the warranty?")])[0]
    assert found.text == "The warranty lasts 24 months."
    assert found.citations[0].chunk.source == "y"
    assert found.text in found.citations[0].chunk.text


def test_extract_copies_as_much_as_answers_are_long():
    """The neighbours of the best sentence in its own chunk, verbatim; 1.5 times the median of the known answers."""
    text = "Call us. The warranty lasts 24 months. The warranty covers parts. Bye now."
    retriever = FakeRetriever([chunk("x", text), chunk("y", "Our office is in Leith.")])
    embedder = WordEmbedder("warranty months covers office")
    asked = [question("a", "How long is the warranty?")]
    answer = Extractor("extract", retriever, embedder, 2, answer_words=8).answer(asked)[0]
    assert answer.text == "The warranty lasts 24 months. The warranty covers parts."
    assert Extractor("extract", retriever, embedder, 2, answer_words=99).answer(asked)[0].text == text
    known = [("four words are here", "two words"), ("one two three four",), ("a b c d e f",)]
    assert words_to_copy(AnswerLengths.of([question(str(i), answers=some) for i, some in enumerate(known)])) == 6
    assert words_to_copy(AnswerLengths()) == 0


def test_extract_declines_where_nothing_was_found():
    """No passage, no answer."""
    assert Extractor("extract", FakeRetriever([]), WordEmbedder("a"), 2).answer([question("a")])[0].abstained


def test_sentences_are_word_for_word_and_do_not_split_numbers():
    """A decimal point ends no sentence; table rows and list items stand alone."""
    text = "It costs 4.50 GBP a month. Next one.\n- first item here\nModel: B2; Range: 30 m"
    found = [one.text for one in sentences(Hit(chunk=chunk("x", text), score=1.0, rank=1))]
    assert found == ["It costs 4.50 GBP a month.", "Next one.", "first item here", "Model: B2; Range: 30 m"]


def test_long_context_says_why_it_does_not_fit():
    """The reason names both numbers."""
    documents = [Document(id="a", source="a", title="A", text="word " * 900)]
    reason = str(reason_not_to_fit(documents, FakeGenerator(context_tokens=1000), 16))
    assert "903 tokens" in reason and "takes 1,000" in reason
    assert reason_not_to_fit(documents, FakeGenerator(context_tokens=5000), 16) is None


def test_long_context_counts_what_the_prompt_writes_around_each_document():
    """Many short documents with numbers and tags; a long system message. Otherwise every question would fail."""
    documents = [Document(id=str(i), source=str(i), text="one two") for i in range(200)]
    plain = PromptTemplate(system="", user="{passages} {question}")
    tagged = plain.model_copy(update={"passage": "<p> number {rank} </p> {passage}"})
    long = plain.model_copy(update={"system": "word " * 400})
    generator = FakeGenerator(context_tokens=1300)
    assert reason_not_to_fit(documents, generator, 16, plain) is None
    for template in (tagged, long):
        assert "after the prompt" in str(reason_not_to_fit(documents, generator, 16, template))


def test_long_context_shows_every_document():
    """The whole corpus is in the prompt."""
    generator = FakeGenerator({"question a": "one"})
    contender = Direct("long-context", generator, GROUNDED, EIGHT, passages=lambda question: ["text of x", "text of y"])
    assert contender.answer([question("a")])[0].text == "one"
    assert "text of x" in generator.prompts[0].messages[-1].content
    assert "text of y" in generator.prompts[0].messages[-1].content


def test_the_router_sends_the_familiar_to_the_tuned_model_and_keeps_the_order():
    """Each answer names its route; the order is that of the questions."""
    embedder = WordEmbedder("battery price colour")
    near = Direct("tuned", FakeGenerator({"battery life?": "near"}), CLOSED_BOOK, EIGHT)
    far = Direct("rag", FakeGenerator({"what colour?": "far"}), CLOSED_BOOK, EIGHT)
    familiarity = Familiarity(embedder, embedder.embed_passages(["how long does the battery last"]))
    router = Routed("router", near, far, familiarity, 0.8)
    found = router.answer([question("c", "what colour?"), question("b", "battery life?")])
    assert [(one.question_id, one.route, one.text) for one in found] == [("c", "rag", "far"), ("b", "tuned", "near")]
    assert {one.contender for one in found} == {"router"}


def test_what_was_answered_before_is_not_asked_again():
    """The same answers in the same order, and only the new question reaches the contender."""
    generator = FakeGenerator({"question a": "one", "question b": "two"})
    contender = Direct("base", generator, CLOSED_BOOK, EIGHT)
    before = contender.answer([question("a")])
    asked = len(generator.prompts)
    found = Remembering(contender, before).answer([question("b"), question("a")])
    assert [one.text for one in found] == ["two", "one"]
    assert len(generator.prompts) == asked + 1


def test_a_failed_answer_is_asked_again():
    """Errors are not reused."""
    contender = Direct("base", FakeGenerator({"question a": "one"}), CLOSED_BOOK, EIGHT)
    assert Remembering(contender, [answer("a", "", error="boom")]).answer([question("a")])[0].text == "one"


def test_routing_is_calibrated_for_value():
    """The threshold is where the tuned model stops being correct.

    Of two equally accurate contenders that retrieve, the first is used.
    """
    familiarity = {"a": 0.9, "b": 0.8, "c": 0.3}
    near = {"a": (1.0, 0.1), "b": (1.0, 0.1), "c": (0.0, 0.1)}
    fars = {
        "rag": {"a": (1.0, 0.5), "b": (0.0, 0.5), "c": (1.0, 0.5)},
        "hybrid": {"a": (1.0, 0.9), "b": (1.0, 0.9), "c": (1.0, 0.9)},
    }
    routing = calibrate_routing(near, fars, familiarity, "tuned", list(familiarity))
    assert (routing.near, routing.far) == ("tuned", "rag")
    assert routing.familiarity_at_least == pytest.approx(0.55)


def test_a_useless_tuned_model_is_never_routed_to():
    """If retrieval is always correct and the tuned model never, no question is routed to the tuned model."""
    familiarity = {"a": 1.0, "b": 0.8}
    near = dict.fromkeys(familiarity, (0.0, 0.1))
    fars = {"rag": dict.fromkeys(familiarity, (1.0, 0.5))}
    assert calibrate_routing(near, fars, familiarity, "tuned", list(familiarity)).familiarity_at_least > 1.0


def test_what_no_dev_question_shows_the_tuned_model_to_know_is_looked_up():
    """The tuned model was correct more often only by declining; no question tested what it was trained on."""
    familiarity = {"a": 1.0, "b": 0.8}
    near, far = dict.fromkeys(familiarity, (1.0, 0.1)), dict.fromkeys(familiarity, (0.0, 0.5))
    assert calibrate_routing(near, {"rag": far}, familiarity, "tuned", []).familiarity_at_least > 1.0
    assert calibrate_routing(near, {"rag": far}, familiarity, "tuned", ["a"]).familiarity_at_least <= 0.8


def test_one_dev_question_does_not_decide_the_routing():
    """The tuned model knows the 20 most familiar questions, and of the others as many as retrieval does.

    Where one more of those went well, the single best cut moves from 20 questions to all 40.
    """
    familiarity = {f"q{i:02}": 1.0 - i / 40 for i in range(40)}
    known = {key: (float(i < 20 or i % 2), 0.1) for i, key in enumerate(familiarity)}
    looked_up = {key: (float(i >= 20 and not i % 2), 0.5) for i, key in enumerate(familiarity)}
    lucky = {**looked_up, "q38": (0.0, 0.5)}
    cuts = [
        calibrate_routing(known, {"rag": far}, familiarity, "tuned", ["q00"]).familiarity_at_least
        for far in (looked_up, lucky)
    ]
    n_near = [sum(value >= cut for value in familiarity.values()) for cut in cuts]
    assert n_near[0] >= 18
    assert 0 <= n_near[1] - n_near[0] <= 8


@pytest.mark.parametrize(("n_more", "chosen"), [(1, "rag"), (10, "hybrid")])
def test_one_dev_question_does_not_decide_which_contender_retrieves(n_more: int, chosen: str):
    """The first one stays if another knows one question more of 40; one that knows ten more replaces it."""
    familiarity = {f"q{i:02}": 0.5 for i in range(40)}
    near = dict.fromkeys(familiarity, (-1.0, 0.1))
    fars = {
        "rag": {key: (float(i < 20), 0.5) for i, key in enumerate(familiarity)},
        "hybrid": {key: (float(i < 20 + n_more), 0.5) for i, key in enumerate(familiarity)},
    }
    assert calibrate_routing(near, fars, familiarity, "tuned", ["q00"]).far == chosen


def test_phrasings_of_one_fact_count_as_one_when_the_contender_that_retrieves_is_chosen():
    """Ten phrasings of one fact that only the second knows are one fact of 31, within one standard error."""
    familiarity = {f"q{i:02}": 0.5 for i in range(40)}
    near = dict.fromkeys(familiarity, (-1.0, 0.1))
    facts = {key: "same" if i < 10 else key for i, key in enumerate(familiarity)}
    fars = {
        "rag": dict.fromkeys(familiarity, (0.0, 0.5)),
        "hybrid": {key: (float(i < 10), 0.5) for i, key in enumerate(familiarity)},
    }
    assert calibrate_routing(near, fars, familiarity, "tuned", ["q00"], facts).far == "rag"
    assert calibrate_routing(near, fars, familiarity, "tuned", ["q00"]).far == "hybrid"


@pytest.mark.parametrize(("penalty", "is_near"), [(0.0, True), (2.0, False)])
def test_the_router_counts_what_a_wrong_answer_costs(tmp_path, penalty: float, is_near: bool):
    """The tuned model is right on 15 of 30 and wrong on the others; retrieval is right on 10 and declines 20.

    Without a penalty the tuned model's answers are worth more, with a penalty of 2 those of retrieval.
    """
    dev = tuple(question(f"q{i:02}", slice="seen") for i in range(30))
    given = {
        "tuned": [answer(one.id, "yes" if i < 15 else "no") for i, one in enumerate(dev)],
        "rag": [answer(one.id, "yes" if i < 10 else "I don't know.") for i, one in enumerate(dev)],
    }
    embedder = WordEmbedder("question")
    np.save(tmp_path / "trained.npy", embedder.embed_queries(["question"]))
    world = SimpleNamespace(
        embedder=lambda name: embedder,
        contender_folder=lambda name: tmp_path,
        built=lambda name: SimpleNamespace(fitted=Fitted()),
    )
    router = Router(Spec(name="router", recipe="router"))
    router.nears, router.fars = ("tuned",), ("rag",)
    fitted = router.calibrate(world, Material(dev=dev, wrong_answer_penalty=penalty), Fitted(), given.__getitem__)
    assert (fitted.routing["familiarity_at_least"] <= 1.0) is is_near


def test_familiarity_without_training_questions_is_the_lowest():
    """Nothing is familiar to a model that was trained on nothing."""
    embedder = WordEmbedder("a")
    assert list(Familiarity(embedder, np.zeros((0, 2), np.float32)).of(["a", "b"])) == [-1.0, -1.0]


class Bot:
    """A contender as a team may write it: its own name, no times, declines in words only."""

    name = "my-bot"

    def __init__(self, keep=1.0):
        self.keep = keep

    def answer(self, questions):
        kept = questions[: round(self.keep * len(questions))]
        return [Answer(question_id=one.id, contender=self.name, text="I don't know.") for one in kept]


def test_a_contender_of_ones_own_is_named_timed_and_may_decline():
    """It gets its configured name and the time of its call, and its words count as declining."""
    found = HeldToContract("team.Bot", Bot()).answer([question("a"), question("b")])
    assert [(one.contender, one.abstained, one.usage.seconds > 0) for one in found] == 2 * [("team.Bot", True, True)]


class Failing:
    """A contender whose answering is a given function."""

    def __init__(self, answer):
        self.answer = answer


@pytest.mark.parametrize(
    "error", [TypeError("no\nlen"), IndexError("9"), urllib.error.URLError("down"), OSError("gone")]
)
def test_whatever_a_contender_of_ones_own_raises_is_an_error_answer(error, tmp_path):
    """Only the failed questions get an error, with the class and the message. The run continues."""

    def answer(questions):
        if "b" in [one.id for one in questions]:
            raise error
        return [Answer(question_id=one.id, contender="", text="x") for one in questions]

    path = tmp_path / "answers.jsonl"
    contender = HeldToContract("team.Bot", Failing(answer))
    collect(contender, [question("a"), question("b"), question("c")], path, 3, lambda done, total: None)
    errors = {one.question_id: one.error for one in jsonl.read(path, Answer)}
    assert errors["a"] is errors["c"] is None
    assert f"'team.Bot' failed with {type(error).__name__}: " in errors["b"]


def test_whatever_a_stream_of_ones_own_raises_names_the_contender():
    """The pieces before the error are given; the error says whose it is and what was raised."""

    class Streaming(Bot):
        def stream(self, question):
            yield "The "
            raise TypeError("no len")

    pieces = HeldToContract("team.Bot", Streaming()).stream(question("a"))
    assert next(pieces) == "The "
    with pytest.raises(ContenderError, match=r"'team\.Bot' failed with TypeError: no len"):
        next(pieces)


@pytest.mark.parametrize(
    ("given", "told"), [([{"text": "x"}], "a dict instead of"), (["x"], "a str instead of"), (None, "NoneType")]
)
def test_answers_that_are_no_answers_are_told_so(given, told):
    """Dicts and strings break the contract, and so does None."""
    with pytest.raises(ContenderError, match=told):
        HeldToContract("team.Bot", Failing(lambda questions: given)).answer([question("a")])


def test_ctrl_c_in_a_contender_of_ones_own_stops_the_run():
    """Ctrl-C is not a failure of the contender."""

    def answer(questions):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        HeldToContract("team.Bot", Failing(answer)).answer([question("a")])


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("class Bot:\n def __init__(self):\n  raise OSError('no key')", "OSError: no key"),
        ("class Bot:\n def __init__(self):\n  self.key = {}['KEY']", "KeyError: 'KEY'"),
        ("1 / 0", "ZeroDivisionError"),
        ("class Bot: pass", "no method answer"),
        ("", "AttributeError"),
    ],
)
def test_a_contender_that_cannot_be_made_is_told_with_its_error(body, told, tmp_path, monkeypatch):
    """Whatever its module or class raises, the error names the path and the exception."""
    name = f"bot_{abs(hash(body))}"
    (tmp_path / f"{name}.py").write_text(body)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=told) as caught:
        make_recipes([Spec(name="bot", recipe=f"{name}.Bot")])
    assert f"{name}.Bot" in str(caught.value)


def test_a_contender_that_loses_questions_is_told_so():
    """One answer for two questions breaks the contract."""
    with pytest.raises(ContenderError, match="asked 2 questions and returned 1"):
        HeldToContract("team.Bot", Bot(keep=0.5)).answer([question("a"), question("b")])


class Cut(FakeGenerator):
    """Its completions stopped at a limit, and say which model wrote them."""

    def _complete(self, prompt):
        origin = Origin(model="m-2026", fingerprint="fp")
        return super()._complete(prompt).model_copy(update={"truncated": True, "origin": origin})


@pytest.mark.parametrize("decline_below", [None, -9.0])
def test_a_streamed_answer_is_the_answer(decline_below):
    """Truncated, origin, usage and confidence are those of a batch; only the time it took may differ."""
    hit = FakeRetriever([chunk("x"), chunk("y")])
    for contender in (
        Direct("c", Cut({"question a": "one "}), CLOSED_BOOK, EIGHT, decline_below),
        Grounded("c", hit, Cut({"question a": "one "}), GROUNDED, 2, EIGHT, decline_below),
        Direct("c", Cut({"question a": "one "}), GROUNDED, EIGHT, decline_below, lambda question: ["text"]),
    ):
        (whole,) = contender.answer([question("a")])
        *pieces, last = contender.stream(question("a"))
        assert "".join(pieces).strip() == whole.text == "one"
        assert last.truncated and last.origin.model == "m-2026" and last.usage.completion_tokens == 1
        same = {"usage": last.usage.model_copy(update={"seconds": whole.usage.seconds}), "latency_ms": None}
        assert last.model_copy(update=same) == whole


class Guessing:
    """Streams a guess, and declines at the end if the question is "secret"."""

    name = "guessing"

    def answer(self, questions):
        return [answer(one.id, "SECRET guess", abstained="secret" in one.text) for one in questions]

    def stream(self, question):
        yield "SECRET"
        yield " guess"
        yield from self.answer([question])


class Decided(Guessing):
    """Says that it never declines after its first piece."""

    decides_before_streaming = True


@pytest.mark.parametrize("held", [lambda one: one, lambda one: HeldToContract("g", one)])
def test_a_text_that_may_still_be_declined_is_held_back(held):
    """Of a plain class and of what a recipe of one's own opens: nothing of a declined text is sent, else one piece."""
    (declined,) = stream_of(held(Guessing()), question("secret"))
    assert declined.abstained
    first, last = stream_of(held(Guessing()), question("open"))
    assert first == last.text == "SECRET guess"
    *pieces, _ = stream_of(held(Decided()), question("open"))
    assert pieces == ["SECRET", " guess"]


def test_behind_a_guard_and_a_router_a_text_is_held_back_too():
    """Each contender decides for itself."""
    routed = Routed(
        "router", Guessing(), Guessing(), Familiarity(WordEmbedder("open"), np.zeros((0, 2), np.float32)), 0.5
    )
    for contender in (Guarded(Guessing(), lambda labels: None), routed):
        (declined,) = stream_of(contender, question("secret"))
        assert declined.abstained


def test_a_text_that_is_held_back_is_given_up_with_its_caller():
    """At the next piece, as where pieces are sent."""
    somebody, pieces = Caller(), []

    class Endless(Guessing):
        def stream(self, question):
            while True:
                pieces.append("again")
                if len(pieces) == 3:
                    somebody.leave()
                yield "again"

    with on_behalf_of(somebody), pytest.raises(CallerGoneError):
        list(stream_of(Endless(), question("a")))
    assert len(pieces) == 3


def test_a_stream_without_its_completion_is_named():
    """A generator of one's own that yields pieces only: the error says what is missing."""

    class PiecesOnly(FakeGenerator):
        def stream(self, prompt, settings):
            yield "one"

    contender = Direct("base", PiecesOnly(), CLOSED_BOOK, EIGHT)
    with pytest.raises(ContenderError, match=r"'fake' ended without a Completion.*\n.*then the .*Completion"):
        list(contender.stream(question("a")))


@pytest.mark.parametrize(
    "text",
    [
        "## Warranty of the kettle\nIt lasts 24 months.",
        "**Warranty of the kettle**\nIt lasts 24 months.",
        "How long is the warranty of the kettle?\nIt lasts 24 months.",
        "Warranty of the kettle\n\nIt lasts 24 months.",
        "Kettle: warranty\n\nIt lasts 24 months.",
        "| Kettle | Warranty of the kettle |\n| --- | --- |\n| B2 | It lasts 24 months. |",
    ],
)
def test_extract_copies_no_heading_and_no_question(text):
    """They share the words of the question, but the line below them answers it."""
    hit = FakeRetriever([chunk("x", text, heading="Shop > Kettle: warranty")])
    asked = [question("a", "How long is the warranty of the kettle?")]
    assert "24 months" in Extractor("extract", hit, WordEmbedder("warranty kettle"), 1).answer(asked)[0].text


def test_short_lines_that_may_answer_are_kept():
    """List items, rows, numbers, and a line with nothing below it."""
    text = "- blue paint\n\nModel: B2\n\nMon to Fri 9-17\n\nthe blue one"
    found = [piece.text for piece in sentences(Hit(chunk=chunk("x", text), score=1, rank=1))]
    assert found == ["blue paint", "Model: B2", "Mon to Fri 9-17", "the blue one"]


def test_extract_copies_what_can_be_read():
    """No pictures and no targets of links; the cited chunk keeps its text."""
    raw = "Press [Save](https://a.b/c) ![](x.png) to keep the filter."
    found = chunk("x", raw).model_copy(update={"readable": "Press Save to keep the filter."})
    answer = Extractor("extract", FakeRetriever([found]), WordEmbedder("filter"), 1).answer([question("a", "filter")])[
        0
    ]
    assert answer.text == found.readable and answer.citations[0].chunk.text == raw
