"""Figures of use by window: counted right, in bounded memory, without what nobody saw."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.decide.cost.model import CostInputs, marginal_usd_per_query
from bakeoff.learn.monitor.ages import Ages
from bakeoff.learn.monitor.costs import spending, window_usd
from bakeoff.learn.monitor.freshness import freshness, limit_days
from bakeoff.learn.monitor.reading import Reading
from bakeoff.learn.monitor.sample import Asked, Sample
from bakeoff.learn.monitor.windows import Cell, Figures, figures, quantile, week_of
from bakeoff.records import Document
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Thumb
from tests.unit.used import NOW, ago, answered, hit, logged

TODAY = NOW.date()


@pytest.fixture
def log(tmp_path):
    with Log(tmp_path / "log.sqlite") as log:
        yield log


@pytest.fixture
def store(tmp_path):
    return SqliteStore(tmp_path / "store.sqlite")


def read(log, store, **limits) -> Reading:
    reading = Reading(log, Ages(store), **limits)
    reading.update(NOW)
    return reading


def all_of(reading) -> Figures:
    return figures(reading.cells.values(), TODAY, 1)


def test_questions_are_counted_by_how_they_ended(log, store):
    """A failed question is not declined; its time is none."""
    logged(log, [
        answered(ago(1), "a"), answered(ago(1), "b", declined=True), answered(ago(1), "c", latency_ms=300.0),
        answered(ago(1), "d", error="Broken: x", text="", latency_ms=9000.0),
    ])  # fmt: skip
    found = all_of(read(log, store, limit_ms=200.0))
    assert (found.questions, found.failed_share, found.declined_share) == (4, 0.25, pytest.approx(1 / 3))
    assert found.slow_share == pytest.approx(1 / 3)
    assert (found.prompt_tokens, found.completion_tokens) == (1600, 80)
    assert found.latency_p95_ms == pytest.approx(300, rel=0.02)


def test_nothing_is_counted_twice_and_shadows_not_at_all(log, store):
    """A second reading adds only what was written since."""
    first = answered(ago(1), "a")
    logged(log, [first, answered(ago(1), "a", shadow_of=first.id, contender="tuned", release=2)])
    reading = read(log, store)
    reading.update(NOW)
    assert all_of(reading).questions == 1 and {key[2] for key in reading.cells} == {"rag"}
    logged(log, [answered(ago(0), "b")])
    reading.update(NOW)
    assert all_of(reading).questions == 2


def test_the_newest_thumb_on_an_answer_counts(log, store):
    """10,000 thumbs of one person on one answer are one thumb."""
    first, second = answered(ago(1), "a"), answered(ago(1), "b")
    logged(log, [first, second, *[Thumb(answer=first.id, up=False, at=ago(1)) for _ in range(50)]])
    reading = read(log, store)
    assert (all_of(reading).thumbs_up, all_of(reading).thumbs_down) == (0, 1)
    logged(log, [Thumb(answer=first.id, up=True, at=ago(0)), Thumb(answer=second.id, up=True, at=ago(0))])
    reading.update(NOW)
    assert (all_of(reading).thumbs_up, all_of(reading).thumbs_down) == (2, 0)


def test_what_is_older_than_a_year_is_not_read_and_forgotten(log, store):
    """Days leave the counts as time goes on."""
    logged(log, [answered(ago(500), "old"), answered(ago(2), "new")])
    reading = read(log, store)
    assert all_of(reading).questions == 1
    reading.update(NOW + timedelta(days=500))
    assert not reading.cells and not reading.weeks


def test_texts_of_old_weeks_are_not_kept(log, store):
    """Topics need the last weeks only."""
    logged(log, [answered(ago(60), "old"), answered(ago(1), "new")])
    reading = read(log, store)
    texts = {asked.text for sample in reading.weeks.values() for asked in sample}
    assert texts == {None, "new"}


def test_quantiles_are_within_two_percent():
    """Times are counted in bins, whatever their number."""
    cell = Cell()
    for ms in range(1, 1001):
        cell.add(answered(NOW, "a", latency_ms=float(ms)))
    assert quantile(cell.latencies, 0.5) == pytest.approx(500, rel=0.02)
    assert quantile(cell.latencies, 0.95) == pytest.approx(950, rel=0.02)
    assert len(cell.latencies) < 360 and quantile(Counter(), 0.5) is None


def test_weeks_begin_on_monday():
    assert week_of(date(2026, 11, 26)) == date(2026, 11, 23) == week_of(date(2026, 11, 23))


class TestSample:
    def test_it_is_the_same_in_any_order_and_bounded(self):
        """Of 5,000 questions 100 stay, and their number is estimated."""
        forward, backward = Sample(100), Sample(100)
        for i in range(5000):
            forward.add(f"q{i}", Asked(i, False))
            backward.add(f"q{4999 - i}", Asked(4999 - i, False))
        assert [asked.score for asked in forward] == [asked.score for asked in backward]
        assert len(forward) == 100

    def test_the_same_question_counts_once(self):
        """But it is known how often it was asked."""
        sample = Sample()
        for _ in range(1000):
            sample.add("q", Asked(0.1, False))
        assert [asked.n for asked in sample] == [1000]

    def test_it_is_drawn_evenly(self):
        """Early and late questions have the same chance."""
        sample = Sample(1000)
        for i in range(10000):
            sample.add(f"q{i}", Asked(i, False))
        early = sum(asked.score < 5000 for asked in sample)
        assert 430 < early < 570


class TestAges:
    def test_a_stated_time_counts_before_the_recorded_one(self, store):
        """An update makes a document young again, from its version on."""
        at = datetime(2026, 1, 1, tzinfo=UTC)
        store.upsert([Document(id="a", text="x", source="a.md", updated_at=at)])
        store.upsert([Document(id="a", text="y", source="a.md", updated_at=at + timedelta(days=30))])
        ages = Ages(store)
        ages.refresh()
        asked = at + timedelta(days=40)
        assert ages.of(answered(asked, "q", documents_version=1)) == 40
        assert ages.of(answered(asked, "q", documents_version=2)) == 10
        assert ages.of(answered(asked, "q", documents_version=None)) == 10

    def test_the_oldest_cited_document_counts(self, store):
        """Passages that were found and not cited do not; without marks the best one does."""
        at = datetime(2026, 1, 1, tzinfo=UTC)
        store.upsert([
            Document(id=name, text=name, source=f"{name}.md", updated_at=at + timedelta(days=days))
            for name, days in (("a", 0), ("b", 10), ("c", 20))
        ])  # fmt: skip
        ages, asked = Ages(store), at + timedelta(days=30)
        ages.refresh()
        hits = tuple(hit(0.9, name, rank) for rank, name in enumerate("cba", 1))
        assert ages.of(answered(asked, "q", hits=hits, cited=(1, 2))) == 20
        assert ages.of(answered(asked, "q", hits=hits)) == 10
        assert ages.of(answered(asked, "q", hits=hits, declined=True)) is None
        assert ages.of(answered(asked, "q", hits=(hit(0.9, "unknown"),))) is None

    def test_a_document_without_a_time_is_as_old_as_its_record(self, store):
        store.upsert([Document(id="a", text="x", source="a.md")])
        ages = Ages(store)
        ages.refresh()
        assert ages.of(answered(datetime.now(UTC) + timedelta(days=3), "q")) == pytest.approx(3, abs=0.01)

    def test_a_later_version_is_seen_after_a_refresh(self, store):
        at = datetime(2026, 1, 1, tzinfo=UTC)
        store.upsert([Document(id="a", text="x", source="a.md", updated_at=at)])
        ages = Ages(store)
        ages.refresh()
        ages.of(answered(at, "q"))
        store.upsert([Document(id="a", text="y", source="a.md", updated_at=at + timedelta(days=9))])
        ages.refresh()
        assert ages.of(answered(at + timedelta(days=9), "q", documents_version=2)) == 0


def test_old_documents_are_a_share_of_answers_and_only_silence_is_overdue(log, store):
    """An update changes some documents; those it leaves are old and may be right."""
    store.upsert([Document(id="a", text="x", source="a.md", updated_at=ago(100))])
    logged(log, [answered(ago(1), "a"), answered(ago(1), "b", declined=True)])
    limit = limit_days(10)
    window = all_of(read(log, store, old_days=limit))
    assert window.old_share == 1.0 and window.document_age_days == pytest.approx(99, rel=0.02)
    assert not freshness(window, limit, ago(19), NOW).is_overdue
    assert freshness(window, limit, ago(21), NOW).is_overdue
    assert not freshness(window, None, ago(400), NOW).is_overdue and limit_days(None) is None


class TestCosts:
    INPUTS = CostInputs(
        name="rag", queries_per_month=1000, prompt_tokens_per_query=100, completion_tokens_per_query=10,
        input_usd_per_million_tokens=1.0, output_usd_per_million_tokens=10.0,
    )  # fmt: skip

    def test_measured_tokens_are_paid_at_the_releases_prices(self):
        """400 and 20 tokens where the pilot needed 100 and 10."""
        cell = Cell(n=10, prompt_tokens=4000, completion_tokens=200)
        cells = [((TODAY, 1, "rag"), cell)]
        assert window_usd(cells, {(1, "rag"): self.INPUTS}, 1) == pytest.approx(10 * (400 + 200) / 1e6)
        assert window_usd(cells, {}, 1) is None
        spent = spending(cell, 1, self.INPUTS, 0.001)
        assert spent.queries_per_month == pytest.approx(304.4, abs=0.1)
        assert spent.per_answer_usd == pytest.approx(6e-4)
        assert spent.assumed_per_answer_usd == pytest.approx(marginal_usd_per_query(self.INPUTS))

    def test_a_machine_that_waits_is_paid_once(self):
        """Two contenders on one machine; the hours of the window count."""
        machine = CostInputs(
            name="rag", queries_per_month=1000, compute_seconds_per_query=1.0, serving_usd_per_hour=3.6,
            online_hours_per_month=730.5,
        )  # fmt: skip
        cells = [((TODAY, 1, name), Cell(n=1)) for name in ("rag", "base")]
        cost = window_usd(cells, {(1, "rag"): machine, (1, "base"): machine}, 1)
        assert cost == pytest.approx(24 * 3.6, rel=1e-3)
