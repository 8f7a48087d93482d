"""All promises, by their numbers."""

from tests.torture import (
    api_limits,
    bad_files,
    documents,
    failing_io,
    full_disk,
    fuzzed,
    injected,
    killed_runs,
    leaving,
    load,
    paid_runs,
    promotions,
    secrets_out,
    short_memory,
    stopped_runs,
    trainings,
    unseen,
)

MODULES = (
    killed_runs,
    paid_runs,
    api_limits,
    stopped_runs,
    trainings,
    documents,
    failing_io,
    full_disk,
    bad_files,
    fuzzed,
    load,
    leaving,
    unseen,
    injected,
    secrets_out,
    promotions,
    short_memory,
)
PROMISES = {promise.number: promise for module in MODULES for promise in module.PROMISES}
