"""In which order the files run, and folders of data that several tests read."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from bakeoff.corpus.stores import keep_in
from bakeoff.models.engines.openai_dialect import forget_negotiations
from tests.long_tests import is_long, long_tests

if TYPE_CHECKING:
    from tests.unit.s3_server import Bucket

# Trained weights are the same to the last bit only with as many threads. Without a number, a training counts the cores
# that are free now: on a busy machine the second of two equal trainings got fewer.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Many tests read run folders and deployments that name the tests' own classes, in other folders and processes.
os.environ.setdefault("BAKEOFF_TRUST", "1")


# No test asserts an absolute time: an example that takes .2 s alone takes longer beside other work.
settings.register_profile("bakeoff", deadline=None)
settings.load_profile("bakeoff")

LONGEST_FIRST = (
    "test_short.py",
    "test_tutorial.py",
    "test_hosted_pilot.py",
    "test_verdict_simulations.py",
    "test_own_vllm.py",
    "test_train_interrupted.py",
    "test_real_models.py",
    "test_learn.py",
    "test_race.py",
    "test_executor_training.py",
    "test_retrieval_public.py",
    "test_decide_advice_sense.py",
    "test_ray.py",
    "test_control_tokens.py",
    "test_bad_input.py",
    "test_executors.py",
    "test_sources_random.py",
    "test_scale.py",
)
"""Files of more than a minute and a half. Each runs in one process: begun last, the other cores would wait for it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the others in their order. The long tests are marked as such."""
    long = long_tests()
    for item in items:
        if is_long(item.nodeid, long):
            item.add_marker(pytest.mark.long)
    rank = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.name, len(rank)))


@pytest.fixture(autouse=True)
def _nothing_negotiated() -> None:
    """Servers of several tests may have the same address: none is known from the test before."""
    forget_negotiations()


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of public data sets that BAKEOFF_DATA names."""
    if not os.environ.get("BAKEOFF_DATA"):
        pytest.skip("BAKEOFF_DATA is not set: the public data sets are not here")
    return Path(os.environ["BAKEOFF_DATA"])


@pytest.fixture(scope="session")
def example() -> Path:
    """The bundled example."""
    return Path(__file__).parent.parent / "examples" / "support-desk"


@pytest.fixture(scope="session")
def vectors_address() -> Iterator[str]:
    """The address of a PostgreSQL with pgvector for the whole session. Each test has schemas of its own."""
    pytest.importorskip("sqlalchemy")
    from tests.unit.sql_servers import postgres_of, vectors_programs

    with postgres_of(vectors_programs()) as server:
        yield server.owner_address


@pytest.fixture(scope="session")
def s3() -> Iterator["Bucket"]:
    """A server that speaks S3 for the whole session. Each test has worlds of its own."""
    from tests.unit.s3_server import s3_server

    with s3_server() as server:
        yield server


@pytest.fixture
def bucket_address(s3: "Bucket", monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of its bucket, with credentials that count in the environment."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{s3.name}/worlds"


@pytest.fixture(params=["files", "postgres", "s3"])
def keeping(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Path]:
    """Makes a new folder whose documents and indexes are in files, in a database or in a bucket."""
    fixture = {"postgres": "vectors_address", "s3": "bucket_address"}.get(request.param)
    address = request.getfixturevalue(fixture) if fixture else ""
    made: list[str] = []

    def new(name: str) -> Path:
        made.append(name)
        folder = tmp_path / f"{name}{len(made)}"
        folder.mkdir()
        keep_in(folder, address)
        return folder

    return new
