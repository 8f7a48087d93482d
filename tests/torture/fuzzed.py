"""Promise 16: the API never answers 5xx, whatever it is sent.

Schemathesis derives requests, valid and not, from the server's own OpenAPI document. It sends one at a time, so there
is no overload either, which may have 503. What it receives must also be as that document says, and the server's log may
hold no error.
"""

import json
import subprocess
import sys
from pathlib import Path

import bakeoff
from tests.end_to_end.server_process import Server
from tests.end_to_end.small import make
from tests.torture.promise import Promise, Seen, Trial
from tests.torture.served import UNLIMITED

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
HOURS = 2.0


def trial(told: Trial) -> Seen:
    """Serves a run, and sends what Schemathesis derives: for two hours; or a few requests to each operation."""
    bakeoff.run(make(told.folder, contenders=["rag", "extract"]), runs=told.folder / "runs")
    server = Server(told.folder, *UNLIMITED).wait()
    try:
        status, said = _fuzzed(server, told)
    finally:
        server.stop()
    requests = [line for line in server.lines() if line["event"] == "request"]
    failed = [line for line in server.lines() if line.get("status", 0) >= 500]  # also of what is not HTTP
    errors = [line for line in server.lines() if line["level"] == "error"]
    broken = [f"the server's log has: {json.dumps(line)}" for line in [*failed, *errors][:10]]
    broken += [f"Schemathesis ended with {status}: {said[-3000:]}"] if status else []
    broken += [f"only {len(requests)} requests were sent"] if len(requests) < told.times(10_000, 100) else []
    return Seen(
        f"{len(requests)} requests, {len(failed)} statuses of 5xx, {len(errors)} errors in the log", tuple(broken)
    )


def _fuzzed(server: Server, told: Trial) -> tuple[int, str]:
    """The exit code of Schemathesis, and what it said."""
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{server.url}/openapi.json"]
    command += ["--workers", "1", "--checks", CHECKS, "--continue-on-failure", "--seed", str(told.seed)]
    if told.is_short:
        command += ["--phases", "fuzzing", "--max-examples", "6"]
    else:
        command += ["--max-time", str(int(3600 * HOURS))]
    done = subprocess.run(command, cwd=told.folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


PROMISES = (Promise(16, "the API never answers 5xx", "Schemathesis for two hours: none but a documented 503", trial),)
