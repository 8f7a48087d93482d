"""The questions whose answers are known: those that the live release was measured with.

Takes a deployment's folder. Reads them again when another release is live.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

from bakeoff.errors import RunFolderError
from bakeoff.records import Question
from bakeoff.serve.deployment import open_deployment
from bakeoff.serve.releases import current


class KnownQuestions:
    """Gives them whenever it is called; none if the release does not hold them any more. Threads can share it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._of: tuple[int, list[Question]] | None = None

    def __call__(self) -> Sequence[Question]:
        from bakeoff.learn.rounds import known_questions

        with self._lock:
            number = current(self._root)
            if self._of is None or self._of[0] != number:
                try:
                    self._of = number, known_questions(open_deployment(self._root))
                except RunFolderError:
                    self._of = number, []
            return self._of[1]
