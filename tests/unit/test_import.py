"""Importing Bakeoff is fast and brings no model library."""

import subprocess
import sys
import time

import pytest

HEAVY = ("torch", "transformers", "openvino", "lancedb", "sentence_transformers", "peft")


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(name for name in {HEAVY!r} if name in sys.modules))"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import bakeoff",
        "import bakeoff.cli.main",
        "import bakeoff.runs.config",
        "import bakeoff.report",
        "import bakeoff.pilot.stages",
        "import bakeoff.decide.verdict.decide",
    ],
)
def test_no_model_library_is_imported(statement):
    """torch and its kin are imported when a model is loaded, not before."""
    assert loaded_by(statement) == set()


def test_importing_takes_less_than_a_third_of_a_second():
    """The fastest of three, as other work on the machine only slows it down."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import bakeoff; import bakeoff.records"], check=True)
        times.append(time.perf_counter() - begun)
    bare = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    bare = time.perf_counter() - bare
    assert min(times) - bare < 0.3


def test_an_unknown_name_is_an_attribute_error():
    """A typo is told as usual."""
    import bakeoff

    with pytest.raises(AttributeError, match="no attribute 'rum'"):
        bakeoff.rum  # noqa: B018


def test_the_public_names_are_what_they_say():
    """Each name of __all__ can be had."""
    import bakeoff

    assert all(getattr(bakeoff, name) is not None for name in bakeoff.__all__)
