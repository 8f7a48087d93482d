"""What a server spends on paid models: sums of all threads and processes; nothing is stopped."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import RunFolderError
from bakeoff.models.load import load_generator
from bakeoff.models.providers.client import ApiClient
from bakeoff.models.settings import ApiModel, TokenPrice
from bakeoff.models.spending.ledger import Ledger, counting, ledger
from bakeoff.models.spending.rows import Spending
from bakeoff.models.spending.tally import Tally, tallied
from bakeoff.models.spending.who import EMBEDDING, in_role
from bakeoff.records import GenerationSettings, Message, Prompt
from tests.fake_api import FakeApi, Fault

PRICE = TokenPrice(input_tokens=1.0, output_tokens=4.0)
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hello there"}], "max_tokens": 5}


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with FakeApi() as server:
        yield server


def model(api: FakeApi) -> ApiModel:
    return ApiModel(api="openai", base_url=api.url, model="m", price=PRICE, retries=0)


def post(api: FakeApi) -> dict[str, Any]:
    return ApiClient(model(api), 0.001).post(f"{api.url}/chat/completions", CHAT)


def written(path: Path) -> Spending:
    return Spending.model_validate_json(path.read_text())


def test_calls_of_all_threads_and_processes_are_summed(api: FakeApi, tmp_path: Path) -> None:
    """By role and model, in a file; a thread that nobody told of it counts too."""
    path = tmp_path / "spending.json"
    for _ in range(2):
        with tallied(lambda model: PRICE, path) as tally:
            threads = [threading.Thread(target=post, args=(api,)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            with in_role(EMBEDDING):
                post(api)
            assert not tally._early
    spending = written(path)
    assert {(part.role, part.calls) for part in spending.parts} == {("answering", 8), ("embedding", 2)}
    assert spending.total.usd == pytest.approx(10 * (2 * 1.0 + 4 * 4.0) / 1e6, rel=0.5) and spending.total.unknown == 0
    assert ledger() is None


def test_two_processes_add_to_one_file(api: FakeApi, tmp_path: Path) -> None:
    """What one writes while the other runs stays, and nothing counts twice, however often each writes."""
    path = tmp_path / "spending.json"
    one, other = Tally(lambda model: PRICE, path), Tally(lambda model: PRICE, path)
    for tally, calls in ((one, 2), (other, 3), (one, 1), (one, 0), (other, 0)):
        with counting(tally):
            for _ in range(calls):
                post(api)
        tally.close()
    (part,) = written(path).parts
    assert (part.calls, written(path).total.calls, written(path).total.unknown) == (6, 6, 0)
    assert written(path).total.usd == pytest.approx(6 * (2 * 1.0 + 4 * 4.0) / 1e6, rel=0.5)
    assert (one.spending().total.calls, other.spending().total.calls) == (6, 2 + 3)


def test_a_file_that_is_damaged_while_serving_is_told_and_kept(api: FakeApi, tmp_path: Path) -> None:
    path = tmp_path / "spending.json"
    tally = Tally(lambda model: PRICE, path)
    path.write_text("{")
    with counting(tally):
        post(api)
    tally.close()
    assert "Cannot read" in tally.problem and path.read_text() == "{"
    path.unlink()
    tally.close()
    assert (tally.problem, written(path).total.calls) == ("", 1)


def test_a_ledger_of_its_own_comes_first(api: FakeApi, tmp_path: Path) -> None:
    """A round of learning in the same process is not counted twice."""
    with tallied(lambda model: PRICE, tmp_path / "a.json") as tally, counting(Ledger(lambda model: PRICE)) as own:
        post(api)
        assert (tally.spending().total.calls, own.spending().total.calls) == (0, 1)
    assert not (tmp_path / "a.json").exists()


def test_a_quota_that_is_used_up_fails_the_question_only(api: FakeApi, tmp_path: Path) -> None:
    """Others, with other models, are answered."""
    api.fault = Fault(status=402, body='{"error": {"message": "Payment required"}}')
    prompt = Prompt(messages=(Message(role="user", content="hello"),))
    with tallied(lambda model: PRICE, tmp_path / "a.json") as tally:
        (completion,) = load_generator(model(api)).generate([prompt], GenerationSettings())
        assert "Payment required" in (completion.error or "")
        api.fault = None
        post(api)
        assert tally.spending().total.calls == 1


def test_the_file_is_written_once_a_minute_and_a_full_disk_costs_nothing(api: FakeApi, tmp_path: Path) -> None:
    """What could not be written is tried again."""
    now, blocked = [0.0], tmp_path / "folder"
    blocked.write_text("a file where the folder should be")
    tally = Tally(lambda model: PRICE, blocked / "a.json", clock=lambda: now[0])
    with counting(tally):
        post(api)
        assert not tally.problem
        now[0] = 61.0
        post(api)
        assert "folder" in tally.problem
        blocked.unlink()
        now[0] = 122.0
        post(api)
        assert (tally.problem, written(blocked / "a.json").total.calls) == ("", 3)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """Else the sum would begin at zero without a word."""
    (tmp_path / "a.json").write_text("{")
    with (
        pytest.raises(RunFolderError, match=r"Cannot read .*a\.json"),
        tallied(lambda model: PRICE, tmp_path / "a.json"),
    ):
        pass
