"""All promises, by their numbers."""

from tests.torture import (
    api_limits,
    documents,
    fuzzed,
    hostile_http,
    killed_runs,
    leaving,
    load,
    paid_runs,
    stopped_runs,
)

MODULES = (killed_runs, paid_runs, api_limits, stopped_runs, documents, fuzzed, leaving, load, hostile_http)
PROMISES = {promise.number: promise for module in MODULES for promise in module.PROMISES}
