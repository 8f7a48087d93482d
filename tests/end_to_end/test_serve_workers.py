"""`bakeoff serve --workers`: how many answers a model behind a server writes at once."""

import threading
from pathlib import Path

from bakeoff.models.settings import ApiModel
from bakeoff.records import Answer
from bakeoff.serve.answering import Asked
from bakeoff.serve.deployment import deploy
from bakeoff.serve.documents.opening import documents_of
from bakeoff.serve.log import Log
from bakeoff.serve.serving import Serving
from bakeoff.serve.sums import compared, sums_of
from tests.api_pilot import api_pilot
from tests.fake_api import FakeApi


def test_a_server_may_ask_more_at_once_than_the_run_did(tmp_path: Path) -> None:
    """All of them are answered, and what is served is still what was measured."""
    with FakeApi(reply=lambda messages: "12 days") as api:
        run = api_pilot(tmp_path, 4, ApiModel(api="openai", base_url=api.url, model="m", concurrency=2))
        assert api.most_at_once <= 2
        api.delay_s = 0.5
        deployment = deploy(run, tmp_path / "deployments" / "api", workers=6)
        assert compared(deployment.release, sums_of(deployment), "base").same
        with documents_of(deployment) as documents, Log(deployment.log_path) as log:
            serving = Serving(deployment, documents, log)
            answers: list[object] = []

            def ask(i: int) -> None:
                asked = Asked(id=f"q{i}", model="base", question=f"How long does planet {i} take?", typed="")
                answers.extend(item for item in serving.answer(asked, None) if isinstance(item, Answer))

            threads = [threading.Thread(target=ask, args=(i,)) for i in range(12)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert [answer.error for answer in answers] == [None] * 12
        assert api.most_at_once == 6
