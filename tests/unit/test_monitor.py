"""The state of a deployment in use, its alarms, how they are told, and the page, the gauges and the command."""

import http.client
import json
import shutil
import socket
import threading
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typer.testing import CliRunner

from bakeoff.cli.main import app
from bakeoff.cli.monitor import _sentences
from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.errors import ConfigError
from bakeoff.learn.monitor import webhook as webhook_module
from bakeoff.learn.monitor.accuracy import Accuracy, accuracy
from bakeoff.learn.monitor.alarm_book import AlarmBook
from bakeoff.learn.monitor.alarms import Alarm, Measured, alarms
from bakeoff.learn.monitor.costs import Spending
from bakeoff.learn.monitor.drift import Coverage, Window
from bakeoff.learn.monitor.evidence import Evidence
from bakeoff.learn.monitor.freshness import Freshness
from bakeoff.learn.monitor.monitor import Monitor
from bakeoff.learn.monitor.page.figures import figures_page
from bakeoff.learn.monitor.revisit import InUse, Revisited, mix_of, profile_in_use, revisit
from bakeoff.learn.monitor.server import MonitorOfServer
from bakeoff.learn.monitor.topics import Topic
from bakeoff.learn.monitor.webhook import checked_webhook, tell
from bakeoff.learn.monitor.windows import Figures, week_of
from bakeoff.learn.review.queue import Queue
from bakeoff.learn.review.reviewing import Reviewing, Said
from bakeoff.records import Document
from bakeoff.serve.guard.bearer import EVERYONE
from bakeoff.serve.keys import Holder
from bakeoff.serve.log import Log
from bakeoff.serve.log_entries import Review
from bakeoff.serve.metrics import Metrics
from bakeoff.serve.openai.routes import exception_handlers
from bakeoff.serve.releases import read_release
from tests.unit.report_fixture import HOSTILE, PROFILE
from tests.unit.used import NOW, ago, answered, deployed, logged

TODAY = NOW.date()


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """A deployment whose run is still there."""
    folder = tmp_path_factory.mktemp("monitor")
    root = deployed(folder / "deployments" / "shop", folder / "run")
    with SqliteStore(root / "store.sqlite") as store:
        store.upsert([Document(id="a", text="x", source="a.md", updated_at=ago(20))])
    return root


@pytest.fixture
def log(tmp_path):
    with Log(tmp_path / "log.sqlite") as log:
        yield log


def week_ago(n: int) -> date:
    """The Monday of the full week that ended n weeks before the last one did."""
    return date(2026, 11, 16) - timedelta(weeks=n)


def alarm_of(kind: str, **measured) -> Alarm | None:
    found = alarms(Measured(today=TODAY, root=Path("deployments/shop"), **measured))
    return next((alarm for alarm in found if alarm.kind == kind), None)


class TestAlarms:
    def test_none_without_measurements(self):
        assert alarms(Measured(today=TODAY, root=Path("deployments/shop"))) == []

    def test_coverage_names_the_week_it_fell_and_the_topics(self):
        values = {"n": 90, "median": 0.5, "lower": 0.7, "poor_share": 0.4, "p": 0.001}
        windows = [
            Window(start=week_ago(i), end=week_ago(i) + timedelta(7), fell=fell, **values)
            for i, fell in ((2, False), (1, True), (0, True))
        ]
        found = Coverage(reference="the pilot", poor_score=0.6, windows=tuple(windows))
        topic = Topic(name="printer and toner", n=7, asked=9, declined=2, examples=("?",))
        alarm = alarm_of("coverage", coverage=found, topics=(topic,))
        assert alarm.since == week_ago(1) and "printer and toner (7)" in alarm.text and "90 questions" in alarm.text
        assert alarm_of("coverage", coverage=found.model_copy(update={"windows": tuple(windows[:1])})) is None

    def test_accuracy_that_fell(self):
        found = Accuracy(
            n=90, accuracy=0.7, pilot=0.8, pilot_low=0.75, since=week_ago(3), since_accuracy=0.6, since_n=50
        )
        alarm = alarm_of("accuracy", accuracy=found)
        assert alarm.since == week_ago(3) and "60" in alarm.text and "rollback" not in alarm.remedy
        assert "bakeoff rollback shop" in alarm_of("accuracy", accuracy=found, earlier=1).remedy
        assert alarm_of("accuracy", accuracy=found.model_copy(update={"since": None})) is None

    @pytest.mark.parametrize(("n", "is_on"), [(40, False), (400, True)])
    def test_failures_are_an_alarm_once_shown(self, n, is_on):
        """10 % of 40 may be chance at this level; of 400 it is not."""
        weeks = tuple(Figures(start=week_ago(i), days=7, questions=n, failed_share=0.1) for i in (1, 0))
        alarm = alarm_of("failures", weeks=weeks)
        assert (alarm is not None) == is_on and (not is_on or alarm.since == week_ago(1))

    def test_a_week_that_is_over_is_no_alarm_any_more(self):
        bad, good = (Figures(start=week_ago(i), days=7, questions=400, failed_share=s) for i, s in ((1, 0.3), (0, 0.0)))
        assert alarm_of("failures", weeks=(bad, good)) is None

    def test_slow_answers_need_a_limit(self):
        weeks = (Figures(start=week_ago(0), days=7, questions=400, slow_share=0.2),)
        assert alarm_of("latency", weeks=weeks) is None
        assert "2.0" in alarm_of("latency", weeks=weeks, latency_limit_ms=2000.0).text

    def test_the_budget(self):
        spent = Spending(queries_per_month=5000, per_month_usd=900, budget_usd_per_month=800)
        assert "900 USD" in alarm_of("budget", spending=spent).text
        assert alarm_of("budget", spending=spent.model_copy(update={"budget_usd_per_month": 1000})) is None

    def test_documents_that_are_not_updated(self):
        fresh = Freshness(limit_days=14, changed_at=ago(15), is_overdue=True)
        assert "every 7 days" in alarm_of("documents", freshness=fresh).text
        assert alarm_of("documents", freshness=fresh.model_copy(update={"is_overdue": False})) is None

    def test_a_verdict_that_turned(self):
        turned = Revisited(
            turned=True, sentence="The verdict would change. Run the pilot again on x", queries_per_month=9
        )
        alarm = alarm_of("verdict", revisited=turned)
        assert alarm.text == "The verdict would change." and alarm.remedy.endswith(": bakeoff run --from shop")


class TestBook:
    ALARM = Alarm(kind="coverage", since=TODAY, text="Worse.", remedy="do it")

    def test_an_alarm_is_told_once_until_it_ends(self, tmp_path):
        """And its end once; then it may begin again."""
        book = AlarmBook(tmp_path)
        (began,) = book.news([self.ALARM])
        assert began.what == "began" and book.news([self.ALARM]) == [began]
        book.told(began)
        assert book.news([self.ALARM]) == [] == AlarmBook(tmp_path).news([self.ALARM])
        (ended,) = book.news([])
        assert ended.what == "ended" and ended.since == TODAY
        book.told(ended)
        assert book.news([]) == [] and book.news([self.ALARM])[0].what == "began"

    def test_what_ended_untold_is_no_news(self, tmp_path):
        book = AlarmBook(tmp_path)
        book.news([self.ALARM])
        assert book.news([]) == []

    def test_it_knows_since_when(self, tmp_path):
        """Where today's numbers cannot say it."""
        book = AlarmBook(tmp_path)
        book.news([self.ALARM])
        later = self.ALARM.model_copy(update={"since": TODAY + timedelta(9)})
        assert book.known_since([later]) == [self.ALARM]

    def test_a_broken_file_is_begun_again(self, tmp_path):
        (tmp_path / "alarms.json").write_text("{")
        assert len(AlarmBook(tmp_path).news([self.ALARM])) == 1


@contextmanager
def receiver(*statuses: int):
    """A server that answers with these statuses, one after another, and keeps what it was sent."""
    got, left = [], list(statuses)

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(left.pop(0) if left else 200)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", got
    server.shutdown()
    server.server_close()


@contextmanager
def speaking(reply: bytes):
    """A server that answers each connection with these bytes, whatever it is asked."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(reply)

    threading.Thread(target=answer, daemon=True).start()
    yield listener.getsockname()[1]
    listener.close()


class TestWebhook:
    def news(self, tmp_path):
        secret = Alarm(kind="coverage", since=TODAY, text="Groups: my salary (3).", remedy="add", numbers={"p": 0.01})
        return AlarmBook(tmp_path).news([secret])[0]

    def test_it_is_told_without_words_of_questions(self, tmp_path):
        with receiver(200) as (url, got):
            assert tell(url, "shop", self.news(tmp_path)) == ""
        assert got[0]["alarm"] == "coverage" and got[0]["event"] == "began" and got[0]["numbers"] == {"p": 0.01}
        assert "salary" not in json.dumps(got)

    def test_it_is_tried_twice(self, tmp_path):
        with receiver(500, 200) as (url, got):
            assert tell(url, "shop", self.news(tmp_path)) == "" and len(got) == 2
        with receiver(500, 503, 200) as (url, got):
            assert "503" in tell(url, "shop", self.news(tmp_path)) and len(got) == 2

    def test_a_redirect_is_not_followed(self, tmp_path):
        with receiver(302, 302) as (url, _):
            assert "302" in tell(url, "shop", self.news(tmp_path))

    def test_nobody_there_is_a_reason(self, tmp_path):
        with receiver() as (url, _):
            pass
        assert tell(url, "shop", self.news(tmp_path), 1.0) != ""
        assert webhook_module.TIMEOUT_S == 5 and webhook_module.ATTEMPTS == 2

    @pytest.mark.parametrize(
        "url",
        [
            *("ftp://x/y", "hooks.example/x", "https://", "file:///etc/passwd", "http://[x"),
            *("https://hooks.example/s3cret part", "https://hooks.example/s3cret\n", "https://hooks.example/s3crét"),
            *("https://ann:s3cret@hooks.example/", "ftp://hooks.example/s3cret", "https://hooks.example:x/?s3cret"),
        ],
    )
    def test_a_bad_address_is_refused(self, url):
        """Without its path, which is often a secret."""
        with pytest.raises(ConfigError, match="webhook") as refused:
            checked_webhook(url)
        assert "s3cr" not in str(refused.value)

    @pytest.mark.parametrize("reply", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200, b""])
    def test_what_is_no_http_is_a_reason(self, tmp_path, reply):
        with speaking(reply) as port:
            problem = tell(f"http://127.0.0.1:{port}/s3cret?s3cret", "shop", self.news(tmp_path), 1.0)
        assert problem and "s3cret" not in problem

    def test_no_reason_quotes_the_address(self, tmp_path):
        """The library's own errors do: an address that was not checked is asked here."""
        for url in (
            "http://127.0.0.1:9/s3cret part",
            "http://127.0.0.1:9/s3crét",
            "http://ann:s3cret@127.0.0.1/",
            "s3cr",
        ):
            problem = tell(url, "shop", self.news(tmp_path), 1.0)
            assert problem and "s3cr" not in problem


class TestRevisit:
    def evidence(self, shop: Path) -> Evidence:
        return Evidence(shop, read_release(shop, 1))

    def use(self, times: float, **more) -> InUse:
        return InUse(**{"queries_per_month": PROFILE.queries_per_month * times, "days": 28, "questions": 900} | more)

    def test_about_the_assumed_volume_is_not_judged_again(self, shop):
        found = revisit(self.evidence(shop), self.use(1.1))
        assert not found.turned and found.judged == "" and "about those" in found.sentence

    def test_too_little_use_says_nothing(self, shop):
        assert "Too little use" in revisit(self.evidence(shop), self.use(100, days=5)).sentence
        assert "Too little use" in revisit(self.evidence(shop), self.use(100, questions=5)).sentence

    def test_another_volume_is_judged_by_the_pilots_code(self, shop):
        """The same winner and decision as judging the run with that volume."""
        from bakeoff.pilot.judge import judge
        from bakeoff.runs.folder import RunFolder

        evidence = self.evidence(shop)
        for times in (0.01, 100.0):
            found = revisit(evidence, self.use(times))
            volume = float(f"{PROFILE.queries_per_month * times:.2g}")
            profile = evidence.profile.model_copy(update={"queries_per_month": volume})
            verdict = judge(RunFolder(Path(evidence.release.run)), profile)
            assert (found.winner, found.decision, found.judged) == (verdict.winner, verdict.decision, "run")
            before = evidence.judgement
            assert found.turned == (
                (verdict.winner, verdict.decision == "ship") != (before.winner, before.decision == "ship")
            )
            assert ("bakeoff run --from shop" in found.sentence) == found.turned

    def test_without_the_run_the_verdicts_flips_decide(self, shop, monkeypatch):
        """A volume beyond the one that turns the choice, and one before it."""
        evidence = self.evidence(shop)
        monkeypatch.setattr(Evidence, "run", None)
        flip = evidence.judgement.sensitivity.flips[:0]
        from bakeoff.decide.verdict.sensitivity import Flip

        flip = Flip(input="queries_per_month", factor=3.0, becomes=3 * PROFILE.queries_per_month, winner="tuned")
        sensitivity = evidence.judgement.sensitivity.model_copy(update={"flips": (flip,)})
        evidence.__dict__["judgement"] = evidence.judgement.model_copy(update={"sensitivity": sensitivity})
        assert not revisit(evidence, self.use(2.5)).turned
        found = revisit(evidence, self.use(3.5))
        assert found.turned and "'tuned'" in found.sentence and found.sentence.count("bakeoff run --from shop") == 1
        assert not revisit(evidence, self.use(0.2)).turned

    def test_another_mix_is_judged_again(self, shop):
        """60 % of 100 reviewed questions have no answer in the documents; of 20 nothing follows."""
        found = revisit(self.evidence(shop), self.use(1, reviewed=100, unanswerable_share=0.6))
        assert found.judged == "run" and "unanswerable" in found.sentence
        assert revisit(self.evidence(shop), self.use(1, reviewed=20, unanswerable_share=0.6)).judged == ""

    def test_the_real_cost_of_an_answer_is_judged(self, shop):
        """As by judging the run with that cost of a query; within a factor of 1.2 it is the assumed one."""
        from bakeoff.decide.situation.profile_keys import FixedCost
        from bakeoff.pilot.judge import judge
        from bakeoff.runs.folder import RunFolder

        evidence = self.evidence(shop)
        for cost in (40.0, 0.0001):
            found = revisit(evidence, self.use(1, usd_per_answer=cost, expected_usd_per_answer=0.01))
            profile = evidence.profile.model_copy(update={"fixed": {"rag": FixedCost(usd_per_query=cost)}})
            verdict = judge(RunFolder(Path(evidence.release.run)), profile)
            assert (found.winner, found.decision, found.judged) == (verdict.winner, verdict.decision, "run")
            assert "an answer, with the pilot's tokens" in found.sentence
        assert revisit(evidence, self.use(1, usd_per_answer=0.011, expected_usd_per_answer=0.01)).judged == ""

    def test_a_new_pilot_gets_what_is_known_of_use(self, shop):
        """Volume from 14 days on, the mix from 50 reviewed answers on; the other slices keep their proportions."""
        profile, tested = self.evidence(shop).profile, self.evidence(shop).tested
        before = mix_of(tested, profile)
        few = profile_in_use(profile, self.use(3, days=5, reviewed=20, unanswerable_share=0.6), tested)
        assert few == profile
        found = profile_in_use(profile, self.use(3, reviewed=90, unanswerable_share=0.6), tested)
        assert found.queries_per_month == float(f"{3 * PROFILE.queries_per_month:.2g}")
        assert found.slice_weights["unanswerable"] == 0.6 and sum(found.slice_weights.values()) == pytest.approx(1)
        ratio = found.slice_weights["seen"] / found.slice_weights["unseen"]
        assert ratio == pytest.approx(before["seen"] / before["unseen"])
        own = profile.model_copy(update={"slice_weights": {"seen": 3.0, "unseen": 1.0, "unanswerable": 1.0}})
        assert mix_of(tested, own, 0.6)["seen"] == pytest.approx(0.3)
        answerable = [question for question in tested if question.slice != "unanswerable"]
        assert mix_of(answerable, profile, 0.6) == {}


def used(log: Log, n: int = 60, weeks: int = 3) -> None:
    """Some weeks of use: like the pilot at first, with printers the documents do not know in the last full week."""
    entries = []
    for week in range(weeks):
        day = NOW - timedelta(days=10 + 7 * (weeks - 1 - week))
        for i in range(n):
            entries.append(answered(day + timedelta(hours=i), f"Question {week}-{i}?", 1.0 - 0.001 * (i % 7)))
    day = NOW - timedelta(days=9)
    entries += [answered(day, f"Why is printer {i} jammed?", 0.2, declined=i % 2 == 0) for i in range(n)]
    logged(log, entries)


def review(log: Log, answers: int, right: bool | None, newest_of: int = 1, **more) -> None:
    """Reviews of so many answers to other questions, `newest_of` each; the last one counts."""
    given = [answered(ago(30), f"Reviewed {right} {i} {more}?", None) for i in range(answers)]
    logged(log, given)
    values = {"action": "skip" if right is None else "unanswerable", "by": "ann", "sampled": True, "shown": "It is so.",
              "contender": "rag", "release": 1}  # fmt: skip
    for place in range(newest_of):
        outcome = right if place == newest_of - 1 else not right
        logged(log, [
            Review(answer=one.id, question=one.question, asked=one.question, asked_at=one.at, right=outcome,
                   **values | more)
            for one in given
        ])  # fmt: skip


class TestReviews:
    def test_only_the_random_sample_of_what_is_live_counts(self, shop, log):
        """Complaints and other releases do not; of several reviews of an answer the newest does."""
        review(log, 3, True, newest_of=2)
        review(log, 2, False)
        review(log, 1, False, shown=None)
        for other in ({"release": 2}, {"contender": "base"}):
            review(log, 5, False, **other)
        others = [answered(ago(20), f"Another {i}?", None) for i in range(200)]  # of another week
        logged(log, others)
        (drawn,) = (of for of in Queue(log, at=NOW).drawn() if of.n_answers == 200)
        complaints = [one for one in others if one.id not in drawn.answers]
        logged(log, [
            Review(answer=one.id, question="q", asked="q", asked_at=one.at, right=False, action="unanswerable",
                   by="ann", sampled=True, shown="It is so.", contender="rag", release=1)
            for one in complaints
        ])  # fmt: skip
        snapshot = Monitor(shop, log).snapshot(NOW)
        found = snapshot.accuracy
        assert "6 of 56 drawn answers are reviewed" in figures_page(snapshot)
        assert (found.n, found.accuracy) == (6, 0.5) and found.weeks[0].start == week_of(ago(30).date())

    def test_reviews_of_what_is_no_longer_live_are_not_passed_over_in_silence(self, shop, log):
        """After a new release, all that was reviewed is of another one; `review --accuracy` counts it, too."""
        asked = [answered(ago(10), f"Is it {i}?", None, release=1 if i < 4 else 9) for i in range(12)]
        logged(log, asked)
        logged(log, [
            Review(answer=one.id, question="q", asked="q", asked_at=one.at, right=True, action="accept", answers=("a",),
                   by="ann", sampled=True, shown="It is so.", contender="rag", release=9)
            for one in asked[4:]
        ])  # fmt: skip
        snapshot = Monitor(shop, log).snapshot(NOW)
        found = snapshot.accuracy
        assert (found.n, found.accuracy) == (0, None)
        assert "the 8 reviewed answers are of other releases or contenders" in found.note
        assert found.note in _sentences(snapshot)[1] and found.note in figures_page(snapshot)

    def test_what_later_answers_pushed_out_of_the_sample_does_not_count(self, shop, log, tmp_path):
        """A reviewer looks on Mondays, when half of the answers are right, and on Sundays; 86 % of all answers are.

        The draw is the same each time: of 200 answers, chance alone moves the share by more than 6 points once in 100
        times. The accuracy is that of `bakeoff review --accuracy`, and no alarm is raised against a pilot of 85 %.
        """
        log._salt = b"the same draw"
        with SqliteStore(tmp_path / "store.sqlite") as store:
            for week in range(4):
                monday = ago(0) - timedelta(days=ago(0).weekday() + 7 * (5 - week))
                self._asked(log, monday, 40, lambda i: i % 2 == 0)
                self._reviewed(log, store, monday + timedelta(hours=4))
                self._asked(log, monday + timedelta(days=2), 400, lambda i: i % 10 != 0)
                reviewing = self._reviewed(log, store, monday + timedelta(days=6))
            total = reviewing.in_use().weeks
        watched = Monitor(shop, log)
        found = watched.snapshot(NOW).accuracy
        assert found.n == 200 and found.accuracy == pytest.approx(0.864, abs=0.06)
        shown = [week.right.value for week in reversed(total)]
        assert [week.accuracy for week in found.weeks] == pytest.approx(shown)
        live = watched._of(1)
        weeks = watched._reviewed(live, watched._read(live, NOW), NOW).of_live
        assert accuracy(weeks, 0.85, 0.82).since is None

    def _asked(self, log, at, n, is_right):
        logged(log, [
            answered(at + timedelta(minutes=i), f"How does part {at:%j%H}{i * 7919} work?", None,
                     text="good" if is_right(i) else "bad", id=f"{at:%j-%H}-{i}")
            for i in range(n)
        ])  # fmt: skip

    def _reviewed(self, log, store, at):
        reviewing = Reviewing(log, store, "Ada", at=at)
        for item in reviewing.queue.open():
            if item.is_sampled:
                good = log.answer(item.answer).text == "good"
                reviewing.say(item.answer, Said("accept") if good else Said("correct", ("good",)))
        return reviewing


class TestSnapshot:
    def test_a_deployment_without_use(self, shop, log):
        """Nothing is made up."""
        found = Monitor(shop, log).snapshot(NOW)
        assert found.total.questions == 0 and not found.weeks and not found.topics and not found.alarms
        assert found.coverage.note and found.accuracy.note
        assert "No alarm" in figures_page(found)

    def test_use_is_shown_and_new_topics_raise_an_alarm(self, shop, log):
        """The pilot has 46 questions to compare with, which is too few: the first two weeks are the reference."""
        used(log, 100)
        review(log, answers=8, right=True)
        review(log, answers=2, right=False)
        watched = Monitor(shop, log)
        found = watched.snapshot(NOW)
        assert found.total.questions == 400 and sum(one.questions for one in found.daily) == 400
        assert found.coverage.windows and found.coverage.windows[-1].fell, found.coverage
        assert found.topics and "printer" in found.topics[0].name
        assert "coverage" in {alarm.kind for alarm in found.alarms}
        assert found.total.cost_usd is not None and found.total.cost_usd > 0
        assert found.accuracy.accuracy == 0.8 and found.release == 1 and found.parts[0].contender == "rag"
        again = watched.snapshot(NOW)
        assert again == found

    def test_a_restart_with_other_contenders_beside_it_forgets_nothing(self, shop, log, tmp_path):
        """A release of the same run with the same default contender answers alike; one of another run does not."""
        root = tmp_path / "shop"
        shutil.copytree(shop, root)
        review(log, 6, True)
        for number, run in ((2, read_release(shop, 1).run), (3, "another run")):
            shutil.copytree(root / "releases" / "1", root / "releases" / str(number))
            record = read_release(root, 1).model_copy(update={"number": number, "run": run, "contenders": ("rag",)})
            (root / "releases" / str(number) / "release.json").write_text(record.model_dump_json())
            (root / "current").write_text(f"{number}\n")
            assert Monitor(root, log).snapshot(NOW).accuracy.n == (6 if number == 2 else 0)

    def test_a_machine_is_paid_from_the_first_question_on(self, shop, log, tmp_path):
        """The same ten answers cost more if the machine has waited for four weeks."""
        logged(log, [answered(ago(1), f"Question {i}?") for i in range(10)])
        new = Monitor(shop, log).snapshot(NOW).total.cost_usd
        with Log(tmp_path / "old.sqlite") as old:
            logged(old, [answered(ago(27), "Question?"), *(answered(ago(1), f"Question {i}?") for i in range(9))])
            assert 0 < 5 * new < Monitor(shop, old).snapshot(NOW).total.cost_usd

    def test_every_text_on_the_page_is_escaped(self, shop, log):
        """Topics, examples and names are whatever users wrote."""
        used(log)
        found = Monitor(shop, log).snapshot(NOW)
        topic = Topic(name=HOSTILE[0], n=3, asked=3, declined=0, examples=tuple(HOSTILE))
        drawn = figures_page(found.model_copy(update={"topics": (topic,), "deployment": HOSTILE[1]}))
        assert "<script" not in drawn and "<img" not in drawn and "&lt;script" in drawn
        assert "style=" not in drawn and "http" not in drawn and "<svg" in drawn


def client_of(monitor: MonitorOfServer, shop: Path, log: Log, holder: Holder = EVERYONE) -> TestClient:
    metrics = Metrics(monitor.gauges(shop, log))
    routes = [*monitor.routes(shop, log, lambda _: holder), metrics.route(lambda _: holder)]
    return TestClient(Starlette(routes=routes, exception_handlers=exception_handlers()), raise_server_exceptions=False)


class TestServer:
    def test_the_page_holds_nothing_and_the_figures_need_a_key_that_oversees(self, shop, log):
        used(log)
        limited = Holder(name="a", labels=("staff",), manages=True)
        for holder, status in ((EVERYONE, 200), (limited, 403), (Holder(name="b", labels=None), 403)):
            client = client_of(MonitorOfServer(), shop, log, holder)
            page = client.get("/monitor")
            assert page.status_code == 200 and "printer" not in page.text and "https://" not in page.text
            reply = client.get("/monitor/figures")
            assert reply.status_code == status and ("Question" in reply.text) == (status == 200)
        assert client.get("/monitor/monitor.js").status_code == 200 and client.get("/monitor/x").status_code == 404

    def test_gauges_are_computed_once_a_minute(self, shop, log, monkeypatch):
        """A scrape reads many of them."""
        calls = []
        real = Monitor.snapshot
        monkeypatch.setattr(Monitor, "snapshot", lambda self: calls.append(1) or real(self))
        client = client_of(MonitorOfServer(), shop, log)
        text = client.get("/metrics").text
        client.get("/metrics")
        assert "bakeoff_monitor_questions 0" in text and "bakeoff_monitor_accuracy NaN" in text and len(calls) == 1
        assert "bakeoff_monitor_alarm_coverage 0.0" in text

    def test_a_log_that_cannot_be_read_stops_no_metrics(self, shop, log, monkeypatch):
        def broken(self):
            raise ConfigError("broken")

        monkeypatch.setattr(Monitor, "snapshot", broken)
        client = client_of(MonitorOfServer(), shop, log)
        assert "bakeoff_monitor_questions NaN" in client.get("/metrics").text
        assert client.get("/monitor/figures").status_code == 503

    def test_a_webhook_is_told_once(self, shop, log, monkeypatch, tmp_path):
        snapshot = Monitor(shop, log).snapshot(NOW).model_copy(update={"alarms": (TestBook.ALARM,)})
        with receiver() as (url, got):
            server = MonitorOfServer(url)
            SqliteStore(tmp_path / "store.sqlite").close()
            server._watched = tmp_path, log
            monkeypatch.setattr(Monitor, "snapshot", lambda self: snapshot)
            server.tell_news()
            server.tell_news()
        assert [(sent["alarm"], sent["event"]) for sent in got] == [("coverage", "began")]

    def test_no_error_ends_the_telling(self, monkeypatch, caplog):
        """Neither a reply that is not HTTP nor an error that nobody thought of."""
        turns = []

        def broken(self):
            turns.append(1)
            if len(turns) == 3:
                raise SystemExit  # the end of this test
            raise http.client.BadStatusLine("SSH-2.0") if len(turns) == 1 else KeyError("unknown")

        monkeypatch.setattr(MonitorOfServer, "tell_news", broken)
        monkeypatch.setattr("bakeoff.learn.monitor.server.FRESH_S", 0.0)
        with pytest.raises(SystemExit):
            MonitorOfServer("http://hooks.example/hook")._keep_telling()
        assert len(turns) == 3 and caplog.text.count("could not be told") == 2


class TestCommand:
    def test_it_says_what_use_shows(self, shop):
        """The log of the deployment; nothing is told to anybody."""
        done = CliRunner().invoke(app, ["monitor", str(shop)])
        assert done.exit_code == 0, done.output
        assert "No alarm." in done.output and "release 1 is live" in done.output

    def test_json_is_the_snapshot(self, shop):
        done = CliRunner().invoke(app, ["monitor", str(shop), "--json", "--days", "7"])
        found = json.loads(done.stdout)
        assert found["days"] == 7 and len(found["daily"]) == 7 and found["alarms"] == []

    def test_a_bad_webhook_is_refused_before_anything_is_read(self, shop):
        done = CliRunner().invoke(app, ["monitor", str(shop), "--webhook", "nowhere"])
        assert done.exit_code != 0 and isinstance(done.exception, ConfigError)
