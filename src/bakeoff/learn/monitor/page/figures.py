"""The figures of a deployment as HTML: alarms, the verdict, charts by day and week, topics, contenders.

Takes a `Snapshot`, gives a piece of a page without scripts, styles or links to elsewhere. Everything is escaped.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from html import escape

from bakeoff.decide.wording import money
from bakeoff.learn.monitor.charts import bars, lines
from bakeoff.learn.monitor.monitor import Snapshot
from bakeoff.learn.monitor.windows import Figures
from bakeoff.sentences import DASH, count, counted, milliseconds, percent


def figures_page(of: Snapshot) -> str:
    """The whole content."""
    return "".join([_heading(of), _alarms(of), _numbers(of), _charts(of), _topics(of), _parts(of)])


def _heading(of: Snapshot) -> str:
    return (
        f"<h1>{escape(of.deployment)} in use</h1>"
        f"<p>The last {counted(of.days, 'day')} up to {of.at:%Y-%m-%d %H:%M} UTC. Release {of.release} is live: "
        f"{escape(of.contender)}.</p>"
    )


def _alarms(of: Snapshot) -> str:
    if not of.alarms:
        return '<section class="notice"><h2>No alarm</h2></section>'
    items = "".join(
        f"<li><strong>{escape(alarm.kind)}</strong>, since {alarm.since}. {escape(alarm.text)} "
        f"<em>What to do:</em> {escape(alarm.remedy)}.</li>"
        for alarm in of.alarms
    )
    n = len(of.alarms)
    return f'<section class="notice alarms"><h2>{n} {"alarm" if n == 1 else "alarms"}</h2><ul>{items}</ul></section>'


def _numbers(of: Snapshot) -> str:
    total, spent = of.total, of.spending
    shown = [
        ("Questions", count(total.questions)),
        ("Declined", share(total.declined_share)),
        ("Failed", share(total.failed_share)),
        ("Median time", ms(total.latency_p50_ms)),
        ("95 % within", ms(total.latency_p95_ms)),
        ("Thumbs up, down", f"{total.thumbs_up}, {total.thumbs_down}"),
        ("Tokens read, written", f"{count(total.prompt_tokens)}, {count(total.completion_tokens)}"),
        ("Cost of these answers", usd(total.cost_usd)),
        ("An answer costs", usd(spent.per_answer_usd)),
        ("The verdict assumed", usd(spent.assumed_per_answer_usd)),
        ("A month, upkeep included", usd(spent.per_month_usd)),
        ("Age of documents, median", days(of.freshness.age_days)),
        ("Answers from old documents", share(of.freshness.old_share)),
    ]
    items = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in shown)
    reviewed = f"<p>Accuracy: {escape(of.accuracy.reviewed_line)}</p>" if of.accuracy.n else ""
    return f'<dl class="numbers">{items}</dl>{reviewed}<p>{escape(of.revisited.sentence)}</p>'


def _charts(of: Snapshot) -> str:
    by_day, day_names = of.daily, [_day(one.start) for one in of.daily]
    drawn = [
        bars("Questions a day", day_names, [one.questions for one in by_day], count),
        lines(
            "Declined and failed, share a day", day_names,
            {"declined": [one.declined_share for one in by_day], "failed": [one.failed_share for one in by_day]},
            percent,
        ),
        lines(
            "Time of an answer", day_names,
            {"median": [one.latency_p50_ms for one in by_day], "95 % within": [one.latency_p95_ms for one in by_day]},
            milliseconds,
        ),
        bars("Cost a day", day_names, [one.cost_usd for one in by_day], money),
        _coverage(of),
        _accuracy(of),
    ]  # fmt: skip
    return f'<div class="charts">{"".join(drawn)}</div>'


def _coverage(of: Snapshot) -> str:
    found = of.coverage
    if not found.windows:
        return f"<figure><figcaption>Coverage</figcaption><p>{escape(found.note or 'No full week yet.')}</p></figure>"
    names = [_day(window.start) for window in found.windows]
    shares = [window.poor_share for window in found.windows]
    title = f"Questions with poor passages, share a week (5 % in {found.reference})"
    return lines(title, names, {"": shares}, percent, 0.05)


def _accuracy(of: Snapshot) -> str:
    found = of.accuracy
    if not found.weeks:
        return f"<figure><figcaption>Accuracy</figcaption><p>{escape(found.note)}</p></figure>"
    names = [_day(week.start) for week in found.weeks]
    ends = {
        "right": [week.accuracy for week in found.weeks],
        "at least": [week.low for week in found.weeks],
        "at most": [week.high for week in found.weeks],
    }
    return lines("Right answers in the reviewed random sample", names, ends, percent, found.pilot)


def _topics(of: Snapshot) -> str:
    if not of.topics:
        return "<section><h2>New topics</h2><p>No group of questions without good evidence.</p></section>"
    items = "".join(
        f"<li><strong>{escape(topic.name)}</strong>: {counted(topic.n, 'question')}, "
        f"asked {counted(topic.asked, 'time')}, {topic.declined} declined. "
        f"{escape('; '.join(f'“{text}”' for text in topic.examples))}</li>"
        for topic in of.topics
    )
    return f"<section><h2>Questions without good evidence</h2><ul>{items}</ul></section>"


def _parts(of: Snapshot) -> str:
    rows = (
        ("–" if part.release is None else str(part.release), part.contender, *_cells(part.figures)) for part in of.parts
    )
    by_week = ((one.start.isoformat(), *_cells(one), usd(one.cost_usd)) for one in reversed(of.weeks))
    return (
        "<section><h2>By release and contender</h2>" + _table(("release", "contender", *COLUMNS), rows) + "</section>"
        "<section><h2>By week</h2>" + _table(("week of", *COLUMNS, "cost"), by_week) + "</section>"
    )


COLUMNS = ("questions", "declined", "failed", "median", "95 %", "up", "down")


def _cells(of: Figures) -> Sequence[str]:
    return (
        count(of.questions), share(of.declined_share), share(of.failed_share), ms(of.latency_p50_ms),
        ms(of.latency_p95_ms), str(of.thumbs_up), str(of.thumbs_down),
    )  # fmt: skip


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return (
        '<div class="table-scroll" tabindex="0" role="group" aria-label="Table"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def share(value: float | None) -> str:
    return DASH if value is None else percent(value)


def ms(value: float | None) -> str:
    return DASH if value is None else milliseconds(value)


def usd(value: float | None) -> str:
    return DASH if value is None else money(value)


def days(value: float | None) -> str:
    return DASH if value is None else f"{value:.0f} days"


def _day(day: date) -> str:
    return f"{day:%m-%d}"
