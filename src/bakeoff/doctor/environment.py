"""Environment variables that a configuration names, and those that change what Bakeoff does: whether they are set.

Takes a configuration and the environment, gives findings, which never hold a value.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from bakeoff.doctor.finding import Finding, fine, problem
from bakeoff.files.proxies import check_proxies
from bakeoff.sentences import listed

if TYPE_CHECKING:
    from bakeoff.runs.config import Config

READ = (
    "BAKEOFF_CACHE",
    "BAKEOFF_KEYS",
    "CUDA_VISIBLE_DEVICES",
    "HF_HOME",
    "HF_HUB_OFFLINE",
    "HF_TOKEN",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "OMP_NUM_THREADS",
    "SSL_CERT_FILE",
    "TMPDIR",
)
"""What Bakeoff and its libraries read from the environment."""


def named(config: "Config", environment: Mapping[str, str]) -> list[Finding]:
    """The variables that the configuration names for keys and passwords."""
    names = list(dict.fromkeys(_variables(config.model_dump(mode="json", warnings=False))))
    missing = [name for name in names if not environment.get(name, "").strip()]
    found = [
        problem("environment", f"the configuration names {name}, which is not set", f"export {name}=...")
        for name in missing
    ]
    if found or not names:
        return found
    return [fine("environment", f"set, as the configuration needs: {listed(names)}", n=len(names))]


def _variables(value: Any) -> Iterator[str]:
    """The values of all keys that end in _env."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, str) and str(key).endswith("_env") and inner:
                yield inner
            else:
                yield from _variables(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _variables(inner)


def proxies() -> list[Finding]:
    """Nothing. Raises ConfigError if a proxy is named that cannot be used."""
    check_proxies()
    return []


def read(environment: Mapping[str, str]) -> list[Finding]:
    """Which of the variables that change something are set."""
    there = [name for name in READ if environment.get(name) or environment.get(name.lower())]
    return [
        fine(
            "environment",
            f"set: {listed(there) or 'none that Bakeoff reads'}",
            **{name: name in there for name in READ},
        )
    ]
