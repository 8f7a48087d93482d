"""What a run will ask paid models, before it asks anything: calls, tokens and US dollars by contender and role.

Takes a configuration and its data, gives an `Estimate` with low and high ends. Sends nothing, loads nothing. Retries
are not in it. docs/budget.md says how each end is calculated.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bakeoff.catalogue import RECIPES
from bakeoff.contenders.recipe import Recipe
from bakeoff.contenders.searching import SearchingRecipe
from bakeoff.grading.terms import terms
from bakeoff.grading.wording import content
from bakeoff.models.load import has_no_weights
from bakeoff.models.providers.asking import estimated_prompt_tokens, estimated_tokens
from bakeoff.models.providers.embedding_requests import FEWER_TEXTS, TEXTS_PER_REQUEST
from bakeoff.models.providers.reranking import PASSAGES_PER_REQUEST
from bakeoff.models.settings import ApiModel
from bakeoff.models.spending.prices import PriceOf, usd_of
from bakeoff.models.spending.tokens import Tokens, searches_for
from bakeoff.models.spending.who import CHECK, EMBEDDING, JUDGE, RERANKING, REWRITING
from bakeoff.pilot.latency import latency_questions
from bakeoff.pilot.prepare import Prepared
from bakeoff.pilot.present import FEWEST_QUESTIONS, FIRST_QUESTIONS, MOST_CHANGES, asked_on, groups
from bakeoff.pilot.race_facts import race_facts
from bakeoff.pilot.spending import own_name, paid_models
from bakeoff.records import Question, Record
from bakeoff.runs.config import Config
from bakeoff.runs.race import racers_of

TOKENISER = (0.7, 1.4)
"""How many tokens of a model one estimated token may be."""
PASSAGE = (0.4, 1.3)
"""The tokens of a passage as a share of chunk_tokens: chunks end where paragraphs do. No chunk is longer than its
document, so half of the mean document is a low end, too.
"""
OF_DOCUMENT = 0.5
OVERLAP = (1.0, 1.5)
"""The tokens of all chunks as a share of the documents', with their headings."""
ANSWER = 0.5
"""Answers have at least this share of the tokens of the known ones."""
RACE = "race"
"""The role of a candidate's model in a race."""
OWN_CALLS = (1, 3)
"""Calls for one answer of a team's own recipe."""
IN_BATCHES = (RACE, "dev", "test", "update", "presentation", REWRITING, JUDGE)
"""The roles in which a batch API may be used. Lines that fail there are asked again at the full price."""
VERDICT_PROMPT, VERDICT = (300, 2000), 30
"""Tokens of a judge's prompt, and the fewest of its reply."""


class Range(NamedTuple):
    """The low and the high end."""

    low: float = 0.0
    high: float = 0.0

    def __add__(self, other: "Range") -> "Range":  # type: ignore[override]
        return Range(self.low + other.low, self.high + other.high)

    def times(self, low: float, high: float) -> "Range":
        return Range(self.low * low, self.high * high)


class Line(Record):
    """What one contender (empty: several) asks a model in one role. `usd` is None where the price is not known."""

    contender: str
    role: str
    model: str
    calls: Range
    prompt_tokens: Range
    completion_tokens: Range
    usd: Range | None


class Estimate(Record):
    """What a run will ask paid models. `unpriced` are models whose price is not known: `usd` is without them."""

    lines: tuple[Line, ...] = ()
    calls: Range = Range()
    tokens: Range = Range()
    usd: Range = Range()
    unpriced: tuple[str, ...] = ()


class _Need(NamedTuple):
    """Calls of one contender in one role, with the tokens of all of them."""

    contender: str
    role: str
    model: ApiModel
    calls: Range
    prompt: Range
    completion: Range
    searches: Range = Range()

    def __add__(self, other: "_Need") -> "_Need":  # type: ignore[override]
        """Both, as one of this contender in this role."""
        counted = ("calls", "prompt", "completion", "searches")
        return self._replace(**{name: getattr(self, name) + getattr(other, name) for name in counted})


def estimate(config: Config, prepared: Prepared, recipes: Sequence[Recipe], price_of: PriceOf) -> Estimate:
    """What this run will ask. `config` and `recipes` have the prompts and limits that the run will use."""
    models = paid_models(config)
    if not models:
        return Estimate()
    planned = _Planned(config, prepared, recipes, models)
    lines = [_priced(need, price_of, config.grading.budget_usd) for need in planned.needs() if need.calls.high > 0]
    total = Range()
    return Estimate(
        lines=tuple(lines),
        calls=sum((line.calls for line in lines), total),
        tokens=sum((line.prompt_tokens + line.completion_tokens for line in lines), total),
        usd=sum((line.usd for line in lines if line.usd), total),
        unpriced=tuple(dict.fromkeys(line.model for line in lines if line.usd is None)),
    )


def _priced(need: _Need, price_of: PriceOf, judge_usd: float | None) -> Line:
    """The line with its cost. The judge has a budget of its own."""
    price = price_of(need.model)
    shares = (1 - need.model.batch_discount if need.model.batch and need.role in IN_BATCHES else 1.0, 1.0)
    ends = [Tokens(*(round(of[end]) for of in (need.prompt, (0, 0), need.completion, need.searches))) for end in (0, 1)]
    most = judge_usd if need.role == JUDGE and judge_usd is not None else math.inf
    return Line(
        contender=need.contender,
        role=need.role,
        model=need.model.label,
        calls=Range(math.ceil(need.calls.low), math.ceil(need.calls.high)),
        prompt_tokens=Range(*map(round, need.prompt)),
        completion_tokens=Range(*map(round, need.completion)),
        usd=Range(*(min(most, usd_of(*end)) for end in zip(ends, (price, price), shares, strict=True)))
        if price
        else None,
    )


class _Planned:
    """The questions of each role, and what each contender asks about one of them."""

    def __init__(
        self, config: Config, prepared: Prepared, recipes: Sequence[Recipe], models: Mapping[str, ApiModel]
    ) -> None:
        self._config, self._models, self._prepared = config, models, prepared
        self._recipes = [one for one in recipes if not (one.tunes and has_no_weights(config.models[one.spec.model]))]
        test = prepared.of("test")
        self._test, self._dev = test, prepared.of("dev")
        self._latency = list(latency_questions(config, prepared.of("test")))
        self._changed = [question for question in test if question.slice == "changed"] if config.updates else []
        self._document_tokens = sum(estimated_tokens(document.text) for document in prepared.documents)
        self._updated_tokens = sum(estimated_tokens(document.text) for document in prepared.updated_documents)
        self._least_passage = OF_DOCUMENT * self._document_tokens / max(1, len(prepared.documents))
        known = prepared.answer_lengths.tokens
        self._least_answer = max(1.0, ANSWER * sum(known) / len(known)) if known else 1.0

    def needs(self) -> Iterator[_Need]:
        """Everything that a paid model is asked."""
        yield from self._checks()
        yield from self._races()
        for recipe in self._recipes:
            yield from self._of_parts(recipe) if recipe.behind() else self._of_contender(recipe)
        yield from self._presentations()
        yield from self._indexing()
        yield from self._judging()

    def _checks(self) -> Iterator[_Need]:
        """Each model is tested with a few words, and once more for its log-probabilities."""
        for model in self._models.values():
            yield _Need("", CHECK, model, Range(1, 4), Range(5, 400), Range(1, 4 * self._most_new))

    def _races(self) -> Iterator[_Need]:
        """Each candidate of a race is asked at least what comes before the first look, and at most every fact."""
        rules = self._config.race
        if rules is None:
            return
        found: dict[tuple[str, str, str], _Need] = {}
        for contender, racers in racers_of(self._config).items():
            facts = race_facts(rules, [one.recipe for one in racers], self._prepared, self._config.seed)
            questions = [question for asked in facts.values() for question in asked]
            least = min(1.0, rules.facts / max(1, len(facts)))
            more = rules.candidates / len(racers) if rules.propose == "optuna" else 1.0
            indexes = {racer.recipe.index: racer.recipe for racer in racers if racer.recipe.index}
            needs = [need for one in racers for need in self._answers(one.recipe, RACE, questions, least, more)]
            for need in (*needs, *(need for recipe in indexes.values() for need in self._index_of(recipe))):
                key = (contender, need.role, need.model.label)
                found[key] = need._replace(contender=contender) + found[key] if key in found else need
        yield from (need._replace(contender=contender) for (contender, _, _), need in found.items())

    @property
    def _most_new(self) -> int:
        return max(self._config.generation.max_new_tokens, 16)

    def _of_contender(self, recipe: Recipe) -> Iterator[_Need]:
        """Dev, latency, test and the questions after the update, asked of one contender."""
        if recipe.declines and self._dev:
            reused = len(asked_on(self._dev, self._config.seed)) if groups([recipe]) else 0
            yield from self._answers(recipe, "dev", self._dev, 1 - reused / len(self._dev), 1.0)
        for role, questions in (("latency", self._latency), ("test", self._test), ("update", self._changed)):
            yield from self._answers(recipe, role, questions, 1.0, 1.0)
            yield from self._of_own_server(recipe, role, questions)

    def _of_own_server(self, recipe: Recipe, role: str, questions: Sequence[Question]) -> Iterator[_Need]:
        """A whole system elsewhere is asked the question alone; what it reads for it is within its context."""
        server, n = self._models.get(own_name(recipe)), len(questions)
        if server and n:
            words = TOKENISER[0] * sum(estimated_tokens(question.text) for question in questions)
            limit = recipe.spec.generation.max_new_tokens
            prompt, completion = Range(words, n * server.context_tokens), Range(n * self._least_answer, n * limit)
            yield _Need(recipe.spec.name, role, server, Range(n, n), prompt, completion)

    def _of_parts(self, recipe: Recipe) -> Iterator[_Need]:
        """One that sends questions on takes answers that are there, but not for latency."""
        for part in self._recipes:
            if part.spec.name in recipe.behind():
                for need in self._answers(part, "latency", self._latency, 0.0, 1.0):
                    yield need._replace(contender=recipe.spec.name)

    def _answers(
        self, recipe: Recipe, role: str, questions: Sequence[Question], least: float, most: float
    ) -> Iterator[_Need]:
        """The answers to these questions: between `least` and `most` of them are asked for."""
        name, n = recipe.spec.name, len(questions)
        model = self._models.get(recipe.spec.model) if recipe.asks_model else None
        calls = Range(least * n, most * n)
        if model and n:
            rounds, prompt = self._rounds(recipe), self._prompt(recipe, questions).times(least, most)
            limit = recipe.spec.generation.max_new_tokens
            completion = calls.times(min(self._least_answer, limit), limit)
            yield _Need(name, role, model, *(part.times(*rounds) for part in (calls, prompt, completion)))
            yield from self._rewriting(recipe, model, questions, calls)
        embedder = self._models.get(recipe.embedder)
        if embedder and n:
            texts = sum(estimated_tokens(question.text) for question in questions) * self._searches(recipe)
            at_once = 1 if role == "latency" else TEXTS_PER_REQUEST
            tokens = Range(texts, texts).times(least * TOKENISER[0], most * TOKENISER[1])
            yield _Need(name, EMBEDDING, embedder, Range(calls.low / at_once, calls.high), tokens, Range())
        reranker = self._models.get(recipe.spec.retrieval.reranker) if recipe.retrieves and recipe.reranker else None
        if reranker and n:
            yield self._reranking(recipe, reranker, questions, calls)

    def _reranking(self, recipe: Recipe, model: ApiModel, questions: Sequence[Question], calls: Range) -> _Need:
        """A search sends a question with all candidates, of which there may be few; servers count it with each."""
        of = recipe.spec.retrieval
        words = TOKENISER[1] * sum(estimated_tokens(question.text) for question in questions) / len(questions)
        searches = calls.times(1, self._searches(recipe))
        prompt = searches.times(min(PASSAGE[0] * of.chunk_tokens, self._least_passage), 0)
        most = searches.high * of.candidates * (words + PASSAGE[1] * of.chunk_tokens)
        n_requests = -(-of.candidates // FEWER_TEXTS.get(model.api, PASSAGES_PER_REQUEST))
        n_most = searches_for(of.candidates, words + PASSAGE[1] * of.chunk_tokens) + n_requests - 1
        asked, paid = searches.times(1, n_requests), searches.times(1, n_most)
        return _Need(recipe.spec.name, RERANKING, model, asked, Range(prompt.low, most), Range(), paid)

    def _rounds(self, recipe: Recipe) -> tuple[float, float]:
        """Calls for one answer."""
        if recipe.spec.recipe not in RECIPES:
            return OWN_CALLS
        rounds = recipe.searching.iterations if isinstance(recipe, SearchingRecipe) else 1
        return (1, rounds)

    def _searches(self, recipe: Recipe) -> int:
        if not isinstance(recipe, SearchingRecipe):
            return 1
        options = recipe.searching
        return max(options.iterations, 1 + options.rewordings if options.rewrites else 1)

    def _rewriting(
        self, recipe: Recipe, model: ApiModel, questions: Sequence[Question], calls: Range
    ) -> Iterator[_Need]:
        if isinstance(recipe, SearchingRecipe) and recipe.searching.rewrites:
            template, limit = recipe.writing()
            tokens = sum(estimated_prompt_tokens(template.render(question.text)) for question in questions)
            share = tokens / len(questions)
            prompt = calls.times(share * TOKENISER[0], share * TOKENISER[1])
            yield _Need(recipe.spec.name, REWRITING, model, calls, prompt, calls.times(1, limit))

    def _prompt(self, recipe: Recipe, questions: Sequence[Question]) -> Range:
        """The tokens of the prompts of these questions, each once."""
        template = recipe.template
        assert template is not None  # it asks a model
        n = len(questions)
        words = sum(
            estimated_prompt_tokens(template.render(question.text, (), question.instructions)) for question in questions
        )
        own = Range(words, words).times(*TOKENISER)
        if recipe.retrieves:
            size, shown = recipe.spec.retrieval.chunk_tokens, n * recipe.spec.n_passages
            return own + Range(min(PASSAGE[0] * size, self._least_passage), PASSAGE[1] * size).times(shown, shown)
        if recipe.shows:
            room = n * min(self._document_tokens, self._models[recipe.spec.model].context_tokens)
            return own + Range(room, room).times(*TOKENISER)
        return own

    def _presentations(self) -> Iterator[_Need]:
        """How passages are shown is chosen on dev: the first presentation, and up to five changes."""
        asked = asked_on(self._dev, self._config.seed)
        if len(asked) < FEWEST_QUESTIONS:
            return
        first = min(FIRST_QUESTIONS, len(asked)) / len(asked)
        for members in groups(self._recipes).values():
            yield from self._answers(members[0], "presentation", asked, 1 + first, 1 + MOST_CHANGES)

    def _indexing(self) -> Iterator[_Need]:
        """Each index embeds all documents, and those of the update."""
        indexes = {recipe.index: recipe for recipe in self._recipes if recipe.index}
        for recipe in indexes.values():
            yield from self._index_of(recipe)

    def _index_of(self, recipe: Recipe) -> Iterator[_Need]:
        """All documents, and those of the update, embedded in the passages of this recipe."""
        embedder = self._models.get(recipe.embedder)
        tokens = self._document_tokens + self._updated_tokens
        if embedder and tokens:
            total = Range(tokens, tokens).times(*OVERLAP).times(*TOKENISER)
            size = recipe.spec.retrieval.chunk_tokens
            calls = Range(max(1.0, total.low / size / TEXTS_PER_REQUEST), 1 + total.high / (PASSAGE[0] * size))
            yield _Need("", EMBEDDING, embedder, calls, total, Range())

    def _judging(self) -> Iterator[_Need]:
        """Long answers are judged, and those of which the rules are unsure: at the least one for each long question."""
        grading, judge = self._config.grading, self._config.judge
        if not isinstance(judge, ApiModel) or judge not in self._models.values():
            return
        is_long = [
            question.answerable and min(len(content(terms(answer))) for answer in question.answers) >= grading.long_from
            for question in self._test
        ]
        most = len(self._test) * (len(self._recipes) + 1) + 2 * grading.canaries + grading.repeats
        if grading.budget_answers is not None:
            most = min(most, 2 * grading.budget_answers + 2 * grading.canaries + grading.repeats)
        calls = Range(min(sum(is_long), most), 2 * most)
        prompt = calls.times(*VERDICT_PROMPT)
        yield _Need("", JUDGE, judge, calls, prompt, calls.times(VERDICT, grading.max_new_tokens))
