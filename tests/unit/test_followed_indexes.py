"""At the start an index that is not the measured one is made again, unless a server has served this very index."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from bakeoff.contenders.identities import Identities, Identity
from bakeoff.serve import start
from bakeoff.serve.sums import FOLLOWED, Sums, note_followed


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Starts with an index of this sum at this version; gives whether it was made again. Measured was another one."""
    measured = Identities(contenders=(Identity(contender="rag", settings="s", documents="d", index="measured"),))

    def starts(index: str, version: int = 3) -> bool:
        release = SimpleNamespace(contenders=("rag",), measured=measured, documents_version=3)
        deployment = SimpleNamespace(root=tmp_path, release=release)
        made = []
        documents = SimpleNamespace(wrote_at_start=False, index_again=lambda: made.append(index))
        monkeypatch.setattr(start, "sums_of", lambda _: sums("made again", version))
        start._current_sums(deployment, documents, sums(index, version))
        return bool(made)

    return starts


def sums(index: str, version: int = 3) -> Sums:
    return Sums(version, {"rag": Identity(contender="rag", settings="s", documents="d", index=index)})


def test_an_index_that_a_server_has_served_stays(begun, tmp_path):
    """As after a round whose candidate went live while the server ran. Any other index is made again, once."""
    assert begun("followed")  # nobody knows it
    assert not begun("made again") and not begun("measured")
    note_followed(tmp_path, sums("followed"))
    assert not begun("followed") and not begun("followed")
    assert begun("damaged")


def test_what_was_served_of_other_documents_says_nothing(begun, tmp_path):
    """Nor does a file that cannot be read."""
    note_followed(tmp_path, sums("followed", version=2))
    assert begun("followed")
    note_followed(tmp_path, sums("followed"))
    (tmp_path / FOLLOWED).write_text("{")
    assert begun("followed")
