"""Which alarms are on, since when, and which of them a webhook was told: one small file beside the deployment's log.

Takes the alarms of now, gives what is to be told: alarms that began and alarms that ended. One that lasts is told once.
Knows nothing about how they are told.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from bakeoff.files import jsonl
from bakeoff.learn.monitor.alarms import Alarm, Kind
from bakeoff.records import Record

FILE = "alarms.json"


class On(Record):
    """An alarm that is on, or was when a webhook was told of it."""

    kind: Kind
    since: date
    told: bool = False


class News(Record):
    """What is to be told of an alarm. `alarm` is None if it ended."""

    kind: Kind
    what: Literal["began", "ended"]
    since: date
    alarm: Alarm | None = None


_ALL = TypeAdapter(list[On])


class AlarmBook:
    """The file. A broken one is begun again: then lasting alarms are told once more."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE

    def known_since(self, alarms: Sequence[Alarm]) -> list[Alarm]:
        """The alarms with the day on which each began, also where today's numbers do not say it. Writes nothing."""
        before = self._read()
        return [
            alarm.model_copy(update={"since": min(alarm.since, before[alarm.kind].since)})
            if alarm.kind in before
            else alarm
            for alarm in alarms
        ]

    def news(self, alarms: Sequence[Alarm]) -> list[News]:
        """What is to be told, in the order of the alarms; then what ended. Notes the alarms of now as on.

        What was given stays news until it is told (`told`). An alarm that ended before it was told is no news.
        """
        before, now = self._read(), {alarm.kind: alarm for alarm in self.known_since(alarms)}
        ended = [on for kind, on in before.items() if kind not in now and on.told]
        kept = [
            On(kind=kind, since=alarm.since, told=kind in before and before[kind].told) for kind, alarm in now.items()
        ]
        self._write([*kept, *ended])
        began = [News(kind=on.kind, what="began", since=on.since, alarm=now[on.kind]) for on in kept if not on.told]
        return [*began, *(News(kind=on.kind, what="ended", since=on.since) for on in ended)]

    def told(self, news: News) -> None:
        """Notes that this was told."""
        before = self._read()
        if news.what == "ended":
            before.pop(news.kind, None)
        else:
            before[news.kind] = On(kind=news.kind, since=news.since, told=True)
        self._write(list(before.values()))

    def _read(self) -> dict[Kind, On]:
        try:
            return {on.kind: on for on in _ALL.validate_json(self._path.read_bytes())}
        except (OSError, ValidationError):
            return {}

    def _write(self, on: Sequence[On]) -> None:
        text = _ALL.dump_json(list(on)).decode()
        if not self._path.exists() or self._path.read_text(encoding="utf-8") != text:
            jsonl.write_text(self._path, text)
