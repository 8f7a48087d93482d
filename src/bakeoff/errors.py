"""Errors that a person can act on: what was found, what is allowed, what to do next.

Knows nothing about any stage. The command line prints them without a traceback and exits with `exit_code`.
"""

import errno
import signal

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What libraries say that write files themselves: safetensors, LanceDB, and OpenVINO, which says no more than this.
NO_ROOM_WORDS = ("No space left", "StorageFull", *(f"os error {number}" for number in NO_ROOM), "basic_ios::clear")


class BakeoffError(Exception):
    """A problem in the input or the machine, told in one message with its remedy."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  -> {self.remedy}" if self.remedy else self.message


class ConfigError(BakeoffError):
    """The configuration cannot be read or asks for something impossible."""


class InputError(BakeoffError):
    """Documents or questions are missing, malformed or contradict one another."""


class ModelUnavailableError(BakeoffError):
    """A model's weights are not to be had here, or are not the ones expected."""


class MissingExtraError(BakeoffError):
    """An optional dependency is not installed."""

    def __init__(self, feature: str, module: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs the Python package '{module}', which is not installed.", f"pip install 'bakeoff[{extra}]'"
        )


class ContenderError(BakeoffError):
    """A contender of the team's own does not keep the contract."""


class MeasureError(BakeoffError):
    """A measure of the team's own cannot be imported, or fails on a question."""


class RunFolderError(BakeoffError):
    """A run folder is missing, half written, or belongs to another configuration."""


class StoppedError(BakeoffError):
    """A run that was stopped by Ctrl-C or by a signal that asks a process to end; the exit code says which."""

    def __init__(self, signal_number: int = signal.SIGINT) -> None:
        self.exit_code = 128 + signal_number
        by = "Ctrl-C" if signal_number == signal.SIGINT else signal.Signals(signal_number).name
        super().__init__(
            f"Stopped by {by}. Every finished answer and training step is kept.",
            "continue with: bakeoff run CONFIG --resume",
        )


def disk_is_full(error: Exception) -> bool:
    """Whether something could not be written for want of room, by its number or by the words of a library."""
    return getattr(error, "errno", None) in NO_ROOM or any(word in str(error) for word in NO_ROOM_WORDS)
