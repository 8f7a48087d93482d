"""All promises, by their numbers."""

from tests.torture import (
    api_limits,
    documents,
    injected,
    killed_runs,
    paid_runs,
    promotions,
    secrets_out,
    stopped_runs,
    unseen,
)

MODULES = (killed_runs, paid_runs, api_limits, stopped_runs, documents, promotions, unseen, injected, secrets_out)
PROMISES = {promise.number: promise for module in MODULES for promise in module.PROMISES}
