"""Errors that a person can act on. Each says what was found, what is allowed and what to do next.

Passwords and keys in addresses are left out of every message.

Knows nothing about any stage. The command line prints these errors without a traceback and exits with `exit_code`.
"""

import errno
import signal
from typing import Any

from bakeoff.credentials import without_credentials

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Messages for a full disk of what writes files itself: safetensors, LanceDB, OpenVINO ("basic_ios"), shutil.copytree.
NO_ROOM_WORDS = (
    "No space left",
    "File too large",
    "StorageFull",
    *(f"os error {number}" for number in NO_ROOM),
    "basic_ios::clear",
)


class BakeoffError(Exception):
    """A problem in the input or on the machine: one message, and a remedy that says what to do."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message = without_credentials(message)
        self.remedy = without_credentials(remedy)
        super().__init__(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors of workers come from other processes: every kind can be pickled, whatever its constructor takes."""
        return _restored, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        return f"{self.message}\n  -> {self.remedy}" if self.remedy else self.message


def _restored(kind: "type[BakeoffError]", arguments: tuple[Any, ...], fields: dict[str, Any]) -> "BakeoffError":
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(fields)
    return error


class ConfigError(BakeoffError):
    """The configuration cannot be read or asks for something impossible."""


class InputError(BakeoffError):
    """Documents or questions are missing, malformed or contradict each other."""


class CursorError(InputError):
    """A cursor that a source did not make, or no longer understands: everything has to be read."""


class TooLongError(InputError):
    """A prompt does not fit into the model's context with the longest answer that it may get."""


class ModelUnavailableError(BakeoffError):
    """A model's weights were not found, or are not the expected ones."""


class AdapterError(ModelUnavailableError):
    """An adapter does not fit the model that it was named for. Contenders on other models can go on."""


class MissingExtraError(BakeoffError):
    """An optional dependency is not installed."""

    def __init__(self, feature: str, module: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the Python package '{module}', which is not installed.", f"pip install 'bakeoff[{extra}]'"
        )


class ContenderError(BakeoffError):
    """A team's own contender does not follow the contract of `protocols.Contender`."""


class TooFewPairsError(ContenderError):
    """A part of retrieval has too few questions to be tuned on. Other parts of the contender can still be tuned."""


class MeasureError(BakeoffError):
    """A team's own measure cannot be imported, or raises an error on a question."""


class RunFolderError(BakeoffError):
    """A run folder is missing, half written, or belongs to another configuration."""


class DamagedIndexError(RunFolderError):
    """An index cannot be read: it has to be made again from the documents, which are not lost."""


class ForgottenError(RunFolderError):
    """A version of which the store does not know what changed since: it is too old, or of a copy that was replaced."""


class StoreGoneError(BakeoffError):
    """The server of the documents does not answer: no fault of what asked, which can go on when it is back."""


class EngineGoneError(ModelUnavailableError):
    """A process that answers for a model has ended: every other question would fail, too, until it starts again."""


class StoppedError(BakeoffError):
    """The work was stopped by Ctrl-C or by a signal that ends a process. The exit code is 128 + the signal's number."""

    def __init__(
        self, signal_number: int = signal.SIGINT, remedy: str = "continue with: bakeoff run CONFIG --resume"
    ) -> None:
        self.exit_code = 128 + signal_number
        by = "Ctrl-C" if signal_number == signal.SIGINT else signal.Signals(signal_number).name
        super().__init__(f"Stopped by {by}. Every finished answer and training step is kept.", remedy)


class WorkerError(BakeoffError):
    """A worker of a run died at the same job again and again, or there is none."""


class LimitReachedError(BakeoffError):
    """The work stopped because the time or the money that it may take is used up. What was done is kept."""


def error_line(error: Exception) -> str:
    """The type and the words of an error on one line: how it is written where it takes the place of an answer.

    >>> error_line(TooLongError("The prompt has 9,000 tokens.", "shorten it"))
    'TooLongError: The prompt has 9,000 tokens. -> shorten it'
    """
    return without_credentials(f"{type(error).__name__}: {' '.join(str(error).split())}")


def disk_is_full(error: Exception) -> bool:
    """Whether an error means that the disk is full, judged by its number or by a library's message."""
    return getattr(error, "errno", None) in NO_ROOM or any(word in str(error) for word in NO_ROOM_WORDS)
