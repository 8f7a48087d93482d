"""All promises, by their numbers."""

from tests.torture import (
    api_limits,
    bad_files,
    documents,
    fuzzed,
    injected,
    killed_runs,
    leaving,
    load,
    paid_runs,
    promotions,
    secrets_out,
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
    bad_files,
    fuzzed,
    load,
    leaving,
    unseen,
    injected,
    secrets_out,
    promotions,
)
PROMISES = {promise.number: promise for module in MODULES for promise in module.PROMISES}
