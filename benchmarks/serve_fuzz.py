"""Random and broken requests against a served run: Schemathesis, by the server's own OpenAPI document.

    python -m venv fuzz && fuzz/bin/pip install schemathesis==4.32.5
    python benchmarks/serve_fuzz.py fuzz/bin/schemathesis [--minutes 10]

Makes a small run of its own, serves it with `bakeoff serve`, and runs Schemathesis in a process of its own, one request
at a time: no status of 5xx, and every reply as the document says. Ends with its exit code, or with 1 if the server's
log has an error. Run it from the repository: it takes the run from `tests/`.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.end_to_end.server_process import Server
from tests.end_to_end.small import make

import bakeoff

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("schemathesis", type=Path, help="the command, in an environment of its own")
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        bakeoff.run(make(folder, contenders=["rag", "extract"]), runs=folder / "runs")
        server = Server(folder, "--per-minute", "1000000").wait()
        command = [str(options.schemathesis.resolve()), "run", f"{server.url}/openapi.json"]
        command += ["--max-time", str(int(60 * options.minutes)), "--workers", "1", "--checks", CHECKS]
        status = subprocess.run([*command, "--continue-on-failure"], cwd=folder).returncode
        server.stop()
        requests = [line for line in server.lines() if line["event"] == "request"]
        errors = [line for line in server.lines() if line["level"] == "error"]
    print(f"{len(requests)} requests; {len(errors)} errors in the server's log; Schemathesis ended with {status}")
    for line in errors[:10]:
        print(json.dumps(line))
    sys.exit(status or bool(errors))


if __name__ == "__main__":
    main()
