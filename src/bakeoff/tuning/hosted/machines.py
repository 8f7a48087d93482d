"""Deployments that answer with tuned models: started when they are needed, stopped in any case, priced by the minute.

Takes a model's settings and its folder, keeps `deployment.json` there. A deployment that a killed run has left is found
by the folder's record, or by its name at the host, and stopped. Knows no host's protocol.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bakeoff.errors import ContenderError, ModelUnavailableError
from bakeoff.files import jsonl
from bakeoff.models.cancelling import sleep
from bakeoff.models.settings import ApiModel
from bakeoff.models.tuned_folder import DEPLOYMENT, Deployed, deployed, hosted_model
from bakeoff.tuning.hosted.host import Host, Machine
from bakeoff.tuning.hosted.hosts import host_for
from bakeoff.tuning.hosted.http import HostError
from bakeoff.tuning.hosted.job import LATER, USUAL, Pace
from bakeoff.tuning.hosted.journal import new_name
from bakeoff.tuning.hosted.settings import Hosted, Rented
from bakeoff.tuning.hosted.spending import Permission

OnMachine = Callable[[str], None]
RUNNING = ("starting", "ready", "stopping")


def seconds_passed() -> float:
    """Seconds that no setting of the clock changes, from any point on. Those in which the machine sleeps count, too: a
    deployment is paid for meanwhile, and `time.monotonic` leaves them out on Linux and macOS.
    """
    which = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
    return time.monotonic() if which is None else time.clock_gettime(which)


class HostedMachine:
    """The deployment of one tuned model. `folder` is the tuned model's. `told` is called with how far it is.

    `clock` gives seconds since 1970, for the record, and `elapsed` those of `seconds_passed`.
    """

    def __init__(
        self,
        model: ApiModel,
        hosted: Hosted,
        folder: Path,
        pace: Pace = USUAL,
        host: Host | None = None,
        clock: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = seconds_passed,
    ) -> None:
        self._model, self._hosted, self._folder = model, hosted, folder
        self._pace, self._given, self._clock = pace, host, clock
        self._elapsed = elapsed
        self._begun: float | None = None
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    @property
    def _host(self) -> Host:
        if self._given is None:
            self._given = host_for(self._model, self._hosted)
        return self._given

    @property
    def record(self) -> Deployed | None:
        return deployed(self._folder)

    @property
    def is_running(self) -> bool:
        """Whether it may be running at the host, as far as the record says."""
        return self.record is not None and self.record.step in RUNNING

    def start(self, permission: Permission, told: OnMachine = lambda line: None) -> None:
        """Starts it and waits until it answers. One that an earlier session has left is stopped first.

        Raises ContenderError if that is not allowed, refused, or takes too long; then nothing is left running. So it
        does if the one that was left cannot be stopped, because a second one would hide it.
        """
        rented = self._hosted.deployment
        assert rented is not None  # the host needs one
        record = self.record
        if record is not None and record.step == "ready" and self._timer is not None:
            return
        try:
            self.stop()
        except ModelUnavailableError as error:
            raise ContenderError(error.message, error.remedy) from error
        record = self.record
        left = rented.max_minutes - (record.minutes if record else 0.0)
        permission.limit(max(left, 0.0) * rented.minute_price, f"A deployment at {self._model.host}")
        if left <= 0:
            raise ContenderError(
                f"The deployment at {self._model.host} has run {rented.max_minutes:g} minutes in this run.",
                "raise tuning.host.deployment.max_minutes in a new run",
            )
        try:
            self._started(self._planned(rented, record), rented, told)
        except BaseException:  # also Ctrl-C: what was started is paid for by the minute
            self.stop()
            raise
        self._timer = threading.Timer(max(0.0, 60 * left - self._ran_s()), self._stop_in_time)
        self._timer.daemon = True
        self._timer.start()

    def _planned(self, rented: Rented, before: Deployed | None) -> Deployed:
        tuned = hosted_model(self._folder)
        assert tuned is not None  # it has been tuned
        minutes = before.minutes if before else 0.0
        self._begun = self._elapsed()
        return self._write(
            Deployed(
                name=new_name(),
                api=self._hosted.api,
                source=tuned.model,
                step="starting",
                began_at=self._clock(),
                minute_price=rented.minute_price,
                max_minutes=rented.max_minutes,
                earlier_minutes=minutes,
            )
        )

    def _started(self, record: Deployed, rented: Rented, told: OnMachine) -> None:
        try:
            machine = self._host.deploy(record.name, record.source, rented)
        except HostError as error:
            if error.made_nothing:
                self._change(record, step="stopped", stopped_at=record.began_at)
            found = None if error.made_nothing else self._shown(record)
            if found is None:
                message = f"{self._model.host} did not start a deployment: {error.message}"
                raise ContenderError(message, error.remedy) from error
            machine = found
        record = self._change(record, id=machine.id)
        try:
            machine = self._ready(machine, told)
        except HostError as error:
            message = f"{self._model.host} does not say whether the deployment {machine.id} is ready: {error.message}"
            raise ContenderError(message, LATER) from error
        self._change(record, step="ready", model=machine.model)

    def _ready(self, machine: Machine, told: OnMachine) -> Machine:
        begun, wait_s = time.monotonic(), self._pace.first_s
        while machine.status != "ready":
            waited_s = time.monotonic() - begun
            if machine.status in ("failed", "stopped") or waited_s > self._pace.ready_s:
                why = f": {machine.error}" if machine.error else ""
                late = f" after {waited_s:,.0f} seconds" if machine.status == "starting" else ""
                raise ContenderError(
                    f"The deployment {machine.id} at {self._model.host} is {machine.status}{late}{why}. It is stopped.",
                    f"try other hardware (tuning.host.deployment.hardware), or {LATER}",
                )
            told(f"deployment {machine.id} at {self._model.host} is {machine.status}, {waited_s / 60:.0f} min")
            sleep(wait_s)
            wait_s = min(self._pace.longest_s, 1.5 * wait_s)
            machine = self._host.machine(machine.id)
        return machine

    def stop(self) -> None:
        """Stops it, if it may be running. Raises ModelUnavailableError if the host does not do so.

        The record then stays as it is, so that the next session tries again.
        """
        if self._timer is not None:
            self._timer.cancel()
        with self._lock:
            record = self.record
            if record is None or record.step not in RUNNING:
                return
            try:
                id = record.id or self._id_of(record.name)
                if id:
                    record = self._change(record, step="stopping", id=id)
                    self._host.stop(id)
            except HostError as error:
                raise ModelUnavailableError(
                    f"The deployment {record.id or record.name} at {self._model.host} could not be stopped: "
                    f"{error.message} It may still be paid for, by the minute.",
                    "stop it at the host; bakeoff run CONFIG --resume tries again, too",
                ) from error
            self._change(record, step="stopped", stopped_at=self._stopped_at(record))

    def _stopped_at(self, record: Deployed) -> float:
        """When it stopped, on the clock of its record, so that its minutes are those that it ran, also if the clock was
        set. Of one of an earlier session only the clock knows; if it was set back, that one counts at its most.
        """
        if self._begun is not None:
            return record.began_at + self._ran_s()
        now = self._clock()
        return now if now >= record.began_at else record.began_at + 60 * record.max_minutes

    def _ran_s(self) -> float:
        """The seconds since this session began to start it."""
        return 0.0 if self._begun is None else self._elapsed() - self._begun

    def _stop_in_time(self) -> None:
        """What the timer calls. If it fails, the end of the run tries again and says so."""
        try:
            self.stop()
        except ModelUnavailableError:
            return

    def _id_of(self, name: str) -> str:
        machine = self._looked_for(name)
        return machine.id if machine and machine.status != "stopped" else ""

    def _shown(self, record: Deployed) -> Machine | None:
        """The deployment of the record, if the host shows it. Raises ContenderError if the host shows nothing."""
        try:
            return self._looked_for(record.name)
        except HostError as error:
            message = f"{self._model.host} does not show whether it runs the deployment {record.name}: {error.message}"
            raise ContenderError(message, f"{error.remedy}; {LATER}") from error

    def _looked_for(self, name: str) -> Machine | None:
        for look in range(self._pace.n_looks):
            machine = self._host.find_machine(name)
            if machine is not None:
                return machine
            sleep(self._pace.look_s * 2**look)
        return None

    def _change(self, record: Deployed, **changes: Any) -> Deployed:
        return self._write(record.model_copy(update=changes))

    def _write(self, record: Deployed) -> Deployed:
        jsonl.write_text(self._folder / DEPLOYMENT, record.model_dump_json(indent=1) + "\n")
        return record
