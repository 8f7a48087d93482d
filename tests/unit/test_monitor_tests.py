"""Drift, accuracy and topics: what the tests of monitoring say, and when they say nothing."""

import re
from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from bakeoff.cli.monitor import _sentences
from bakeoff.learn.monitor.accuracy import WEEKS_TO_A_FALSE_ALARM, accuracy
from bakeoff.learn.monitor.drift import FALSE_ALARMS_PER_YEAR, LEAST, LEVEL, SMALL, WEEKS_PER_YEAR, coverage, p_fell
from bakeoff.learn.monitor.sample import Asked
from bakeoff.learn.monitor.topics import topics, without_evidence
from bakeoff.learn.review.accuracy import Seen, SeenWeek, share_of
from bakeoff.measure.anytime import STAKES, log_fortune
from bakeoff.serve.log_entries import HasOutcome

MONDAY = date(2026, 1, 5)


def week(i: int) -> date:
    return MONDAY + timedelta(weeks=i)


class TestCoverage:
    def test_the_level_follows_from_the_number_of_weeks(self):
        """At most so many false alarms a year, if each week is tested once."""
        assert pytest.approx(FALSE_ALARMS_PER_YEAR) == LEVEL * WEEKS_PER_YEAR and FALSE_ALARMS_PER_YEAR < 1

    def test_a_third_of_questions_without_documents_is_found(self):
        """Since the first such week; the share of poor passages is said."""
        draw = np.random.default_rng(1)
        pilot = draw.uniform(0.7, 1.0, 200)
        like, unlike = (
            draw.uniform(0.7, 1.0, 150),
            np.concatenate([draw.uniform(0.7, 1, 100), draw.uniform(0, 0.6, 50)]),
        )
        found = coverage(pilot, "the pilot", [(week(0), like), (week(1), unlike), (week(2), unlike)])
        assert [window.fell for window in found.windows] == [False, True, True]
        assert found.since == week(1) and found.windows[-1].poor_share > 0.3 and found.windows[-1].lower > SMALL

    def test_it_ends_when_a_week_is_as_before(self):
        draw = np.random.default_rng(2)
        pilot = draw.uniform(0.7, 1.0, 200)
        found = coverage(pilot, "the pilot", [(week(0), draw.uniform(0, 0.5, 90)), (week(1), draw.uniform(0.7, 1, 90))])
        assert found.windows[0].fell and found.since is None

    def test_better_passages_are_no_alarm(self):
        draw = np.random.default_rng(3)
        found = coverage(draw.uniform(0, 0.5, 200), "the pilot", [(week(0), draw.uniform(0.5, 1, 200))])
        assert found.windows[0].p > 0.9 and not found.windows[0].fell

    def test_equal_scores_are_no_evidence(self):
        """Most best passages have the score 1: such weeks are like such a pilot."""
        found = coverage([1.0] * 200, "the pilot", [(week(0), [1.0] * 100)])
        assert found.windows[0].p == 1.0 and found.windows[0].lower == 0.5

    def test_small_weeks_are_joined(self):
        """A window has at least 50 questions; what is left waits for the next week."""
        found = coverage([0.9] * 100, "the pilot", [(week(i), [0.9] * 30) for i in range(5)])
        assert [(window.start, window.end, window.n) for window in found.windows] == [
            (week(0), week(2), 60), (week(2), week(4), 60),
        ]  # fmt: skip

    def test_a_difference_that_does_not_matter_is_no_alarm(self):
        """With thousands of questions, p is tiny for two points of difference in rank."""
        draw = np.random.default_rng(4)
        pilot = draw.normal(0, 1, 2000)
        found = coverage(pilot, "the pilot", [(week(0), draw.normal(-0.13, 1, 2000))])
        assert found.windows[0].p <= LEVEL and 0.5 < found.windows[0].lower < SMALL and not found.windows[0].fell

    def test_too_small_a_reference_is_named(self):
        found = coverage([0.9] * (LEAST - 1), "the pilot", [(week(0), [0.1] * 90)])
        assert not found.windows and "49" in found.note

    def test_the_p_value_is_that_of_a_permutation_test(self):
        """Of 3 against 3 scores without ties, the lowest arrangement is one of 20."""
        p = p_fell(np.array([4.0, 5.0, 6.0]), np.array([1.0, 2.0, 3.0]))
        assert p == pytest.approx(1 / 20, abs=0.02)
        assert p_fell(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]), 999) == 1.0

    def test_p_values_are_right_however_early_drawing_stops(self):
        """At any level, at most that share of samples without a difference falls below it."""
        draw = np.random.default_rng(6)
        found = np.array([p_fell(draw.normal(size=60).round(1), draw.normal(size=60).round(1)) for _ in range(300)])
        for level in (0.05, 0.2, 0.5):
            share = (found <= level).mean()
            assert share <= level + 3 * (level * (1 - level) / 300) ** 0.5
        assert (found > 0.5).mean() > 0.35

    def test_it_says_the_same_each_time(self):
        draw = np.random.default_rng(5)
        a, b = draw.normal(size=80), draw.normal(size=70)
        assert p_fell(a, b) == p_fell(a, b)


class TestAccuracy:
    def weeks(self, *counts: tuple[int, ...], is_over: bool = True) -> list[SeenWeek]:
        """Weeks with so many right, wrong, declined and undecided answers, each to another question."""
        kinds: tuple[HasOutcome | None, ...] = ("right", "wrong", "declined", None)
        weeks = []
        for i, of in enumerate(counts):
            outcomes = [kind for kind, n in zip(kinds, of, strict=False) for _ in range(n)]
            answers = [Seen(f"{i} {j}", f"{i} {j}", True, kind) for j, kind in enumerate(outcomes)]
            weeks.append(SeenWeek(f"{week(i):%G-W%V}", tuple(answers), len(answers), len(answers), is_over))
        return weeks

    def test_without_reviews_or_a_pilot_it_says_so(self):
        assert "reviewed" in accuracy([], 0.8, 0.75).note
        found = accuracy(self.weeks((40, 10)), None, None)
        assert found.accuracy == 0.8 and "cannot be tested" in found.note and found.since is None

    def test_weeks_of_which_nothing_was_reviewed_do_not_hide_one_that_was(self):
        """Accuracy is given whenever an answer was reviewed, and a reason where none was."""
        over = SeenWeek("2026-W01", tuple(Seen(f"o{i}", f"o{i}", False, None) for i in range(5)), 5, 5)
        now = self.weeks((6, 2), is_over=False)[0]._replace(week="2026-W02")
        found = accuracy([over, now], 0.8, 0.75)
        assert found.n == 8 and found.accuracy == 0.75
        assert accuracy([over], 0.8, 0.75).note and accuracy([over], 0.8, 0.75).accuracy is None

    def test_a_fall_is_found_with_the_week_it_began(self):
        """80 % for ten weeks, then 60 %."""
        found = accuracy(self.weeks(*[(24, 6)] * 10, *[(15, 15)] * 8), 0.8, 0.75)
        assert found.since is not None and abs((found.since - week(10)).days) <= 14
        assert found.since_accuracy == pytest.approx(0.5, abs=0.06) and found.evidence >= WEEKS_TO_A_FALSE_ALARM

    def test_an_accuracy_as_measured_or_better_is_no_alarm(self):
        for right in (24, 29):
            assert accuracy(self.weeks(*[(right, 30 - right)] * 100), 0.8, 0.75).since is None

    def test_a_long_good_time_does_not_hide_a_fall(self):
        """Bets that begin at each week; one bet from the first week on would still be losing."""
        weeks = self.weeks(*[(28, 2)] * 50, *[(18, 12)] * 8)
        assert accuracy(weeks, 0.8, 0.75).since is not None
        differences = np.repeat([0.25, -0.75], [50 * 28 + 8 * 18, 50 * 2 + 8 * 12])
        assert log_fortune(differences, np.ones(len(differences)), 0.0, -STAKES) < 0

    def test_one_sided_bets_do_not_win_by_better_answers(self):
        """The bets on both signs would."""
        differences = np.repeat([0.25, -0.75], [95, 5])
        ones = np.ones(100)
        assert log_fortune(differences, ones, 0.0) > 3 and log_fortune(differences, ones, 0.0, -STAKES) < 0

    def test_declined_answers_are_not_right(self):
        found = accuracy(self.weeks((6, 2, 2)), 0.8, 0.7)
        assert found.accuracy == 0.6 and found.weeks[0].low < 0.6 < found.weeks[0].high

    def test_repeats_of_one_question_are_one_bet(self):
        """Each week somebody asks four questions ten times each, and one of them gets a wrong answer."""
        weeks = self.weeks(*[(30, 10)] * 4)
        assert accuracy(weeks, 0.93, 0.9).since is not None
        repeated = [
            week._replace(
                answers=tuple(a._replace(fact=f"{week.week} {place // 10}") for place, a in enumerate(week.answers))
            )
            for week in weeks
        ]
        found = accuracy(repeated, 0.93, 0.9)
        assert found.since is None and found.accuracy == 0.75 and found.low < accuracy(weeks, 0.93, 0.9).low - 0.1
        assert found.weeks[0].low < accuracy(weeks, 0.93, 0.9).weeks[0].low - 0.1

    def test_what_is_not_decided_raises_no_alarm_and_widens_the_interval(self):
        """It may be right. Counted as wrong it would be a fall to 60 %."""
        weeks, wrong = self.weeks(*[(24, 0, 0, 16)] * 12), self.weeks(*[(24, 16)] * 12)
        assert accuracy(wrong, 0.8, 0.75).since is not None
        found = accuracy(weeks, 0.8, 0.75)
        assert found.since is None and found.undecided == 12 * 16
        assert found.accuracy == pytest.approx(0.8) and found.low < 0.6 and found.high > 0.97

    def test_a_week_that_is_not_over_takes_no_part_in_the_test(self):
        found = accuracy(self.weeks(*[(10, 30)] * 6, is_over=False), 0.8, 0.75)
        assert found.since is None and found.accuracy == 0.25 and not found.weeks[0].is_over

    def test_it_is_said_why_the_interval_is_wider_than_that_of_one_look(self):
        """`bakeoff review --accuracy` shows the same reviews with an interval for one look."""
        for counts, says_nothing in (((5, 7), True), ((50, 70), False)):
            weeks = self.weeks(counts)
            found, once = accuracy(weeks, 0.8, 0.7), share_of(weeks)
            assert found.accuracy == once.value and found.low < once.low and found.high > once.high
            snapshot = SimpleNamespace(
                coverage=SimpleNamespace(windows=(), note=""),
                accuracy=found,
                topics=(),
                freshness=SimpleNamespace(age_days=None),
                revisited=SimpleNamespace(sentence=""),
            )
            (line,) = [line for line in _sentences(snapshot) if line.startswith("Accuracy")]
            assert "holds however often you look, so it is wider than that of bakeoff review --accuracy" in line
            assert ((found.low, found.high) == (0, 1)) == ("do not narrow it yet" in line) == says_nothing

    def test_intervals_narrow_and_hold_the_value(self):
        widths = []
        for n in (1, 5, 50):
            found = accuracy(self.weeks(*[(8, 2)] * n), 0.8, 0.7)
            assert found.low <= 0.8 <= found.high
            widths.append(found.high - found.low)
        assert all(a > b for a, b in pairwise(widths))


def _alike(texts) -> np.ndarray:
    """Vectors of texts that are all alike."""
    return np.ones((len(texts), 2))


class TestTopics:
    PRINTER = ("my printer is jammed", "how do I clean the printer", "printer shows error 5", "is the printer covered")
    PARKING = ("where can I park my car", "is there parking for visitors", "what does parking cost")
    OTHER = ("who is the director",)

    def asked(self, *texts: str, score: float = 0.2) -> list[Asked]:
        return [Asked(score, False, text) for text in texts]

    def test_topics_are_named_by_their_words_with_counts_and_examples(self):
        found = topics(self.asked(*self.PRINTER, *self.PARKING, *self.OTHER), ["how do I return an order"] * 3)
        assert [topic.n for topic in found] == [4, 2] or [topic.n for topic in found][:1] == [4]
        assert "printer" in found[0].name and "how" not in found[0].name.split()
        assert set(found[0].examples) <= set(self.PRINTER)

    def test_greetings_and_thanks_name_no_topic(self):
        texts = ("hi, tank empty please", "hi, is the tank full", "please, the tank leaks, thanks")
        (found,) = topics(self.asked(*texts), embed=_alike)
        named = set(re.findall(r"\w+", found.name))
        assert "tank" in named and not {"hi", "please", "thanks", "is", "the"} & named

    def test_the_order_of_questions_changes_no_topic(self):
        texts = [*self.PRINTER, *self.PARKING]
        one, other = topics(self.asked(*texts)), topics(self.asked(*reversed(texts)))
        assert [(topic.name, topic.n) for topic in one] == [(topic.name, topic.n) for topic in other]

    def test_vectors_find_other_words(self):
        """Three questions without a word in common, near each other for the embedder."""
        texts = ("invoice missing", "where's my bill", "send receipt please", "director?")
        vectors = np.array([[1.0, 0.1], [1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
        assert topics(self.asked(*texts)) == []
        found = topics(self.asked(*texts), embed=lambda given: vectors[: len(given)])
        assert [topic.n for topic in found] == [3]

    def test_two_questions_are_no_topic(self):
        assert topics(self.asked(*self.PRINTER[:2])) == []

    def test_repeated_questions_count_as_asked(self):
        many = [Asked(0.1, True, text, n=5) for text in self.PARKING]
        assert [(topic.n, topic.asked, topic.declined) for topic in topics(many, embed=_alike)] == [(3, 15, 3)]

    def test_evidence_is_missing_if_declined_or_below_the_pilots_poor_score(self):
        """Questions without text cannot be shown; without a score only declining counts."""
        one, poor, declined, silent, none = (
            Asked(0.9, False, "good"), Asked(0.3, False, "poor"), Asked(0.9, True, "declined"),
            Asked(0.1, True, None), Asked(None, False, "no passages"),
        )  # fmt: skip
        assert without_evidence([one, poor, declined, silent, none], 0.5) == [poor, declined]
        assert without_evidence([one, poor, declined], None) == [declined]

    def test_any_script_gives_names(self):
        found = topics(self.asked("プリンターが動かない", "プリンターの修理", "プリンターの保証"))
        assert found and found[0].n == 3
