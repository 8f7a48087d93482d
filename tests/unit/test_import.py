"""Importing Bakeoff is fast and imports no model library."""

import subprocess
import sys

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
        "import bakeoff.pilot.run",
        "import bakeoff.decide.verdict.decide",
    ],
)
def test_no_model_library_is_imported(statement):
    """torch and other model libraries are imported when a model is loaded, not before."""
    assert loaded_by(statement) == set()


def test_importing_bakeoff_loads_little_of_it():
    """The public names are imported when they are first used (`benchmarks/start_up.py` measures the time)."""
    code = "import sys, bakeoff; print(sum(name.startswith('bakeoff') for name in sys.modules))"
    assert int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) == 1


def test_an_unknown_name_is_an_attribute_error():
    """A typo raises the usual AttributeError."""
    import bakeoff

    with pytest.raises(AttributeError, match="no attribute 'rum'"):
        bakeoff.rum  # noqa: B018


def test_the_public_names_are_what_they_say():
    """Each name in __all__ gives the class or function of that name."""
    import bakeoff

    assert [getattr(bakeoff, name).__name__ for name in bakeoff.__all__] == bakeoff.__all__


def test_translating_the_api_loads_no_web_framework():
    """Only the modules that read requests and send replies do."""
    modules = "answering showing conversation front_ends openai.chat openai.responses openai.embeddings openai.models"
    names = ", ".join(f"bakeoff.serve.{name}" for name in modules.split())
    code = f"import sys, {names}; print('starlette' in sys.modules, 'uvicorn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
