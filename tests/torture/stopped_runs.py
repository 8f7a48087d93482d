"""Promise 6: a clean pause. A pilot gets SIGTERM at random moments: it ends soon, says so, and can be resumed."""

import signal

from tests.end_to_end.small import bakeoff, make
from tests.torture.promise import Promise, Seen, Trial
from tests.torture.signalled import Command

WITHIN_S = 10.0
STOPPED = 128 + signal.SIGTERM


def trial(told: Trial) -> Seen:
    """A run is begun, stopped and resumed, until enough signals were sent."""
    pilot, chance = make(told.folder / "pilot").parent, told.chance()
    length = Command(pilot, "undisturbed", "--fresh").length()
    took, broken, n = list[float](), list[str](), 0
    while len(took) < told.times(50, 3):
        name, n = f"stopped-{n}", n + 1
        ended = Command(pilot, name, "--fresh").signalled(signal.SIGTERM, length, chance)
        if ended.code == 0:
            continue  # it had finished
        took.append(ended.seconds)
        if ended.code not in (STOPPED, -signal.SIGTERM) or "Traceback" in ended.said:
            broken.append(f"{name} ended with {ended.code}: {ended.said[-300:]}")
        if (pilot / "runs" / name).exists():
            last = bakeoff("run", "--resume", "--name", name, cwd=pilot)
            broken += [f"{name} could not be resumed: {last.stderr[-300:]}"] if last.returncode else []
    broken += [f"one took {seconds:.1f} s to end" for seconds in took if seconds > WITHIN_S]
    return Seen(f"{len(took)} SIGTERMs, the slowest end after {max(took):.1f} s", tuple(broken))


PROMISES = (Promise(6, "clean pause", "50 SIGTERMs end within 10 s", trial),)
