"""All promises, by their numbers."""

from tests.torture import api_limits, bad_files, documents, killed_runs, old_data, paid_runs, stopped_runs

MODULES = (killed_runs, paid_runs, api_limits, stopped_runs, documents, bad_files, old_data)
PROMISES = {promise.number: promise for module in MODULES for promise in module.PROMISES}
