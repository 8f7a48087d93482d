"""All promises, by their numbers."""

from tests.torture import (
    api_limits,
    documents,
    failing_io,
    full_disk,
    killed_runs,
    paid_runs,
    short_memory,
    stopped_runs,
    trainings,
)

MODULES = (
    killed_runs,
    paid_runs,
    api_limits,
    stopped_runs,
    documents,
    trainings,
    failing_io,
    full_disk,
    short_memory,
)
PROMISES = {promise.number: promise for module in MODULES for promise in module.PROMISES}
