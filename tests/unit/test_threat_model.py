"""The threat model names tests that exist and every package that something from outside crosses; no code is trusted."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "src" / "bakeoff"
PAGE = (REPOSITORY / "docs" / "threat-model.md").read_text(encoding="utf-8")
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
CROSSES = {
    "a socket": (
        *("socket", "ssl", "httpx2", "urllib.request", "http.client", "psycopg", "sqlalchemy", "obstore", "ray"),
        *("mlflow", "uvicorn", "starlette", "huggingface_hub", "bakeoff.files.listening"),
    ),
    "a process": ("subprocess", "multiprocessing"),
    "a format of others": (
        *("zipfile", "tarfile", "zstandard", "gzip", "mailbox", "email", "lxml", "pypdfium2", "docx", "pptx", "bs4"),
        *("openpyxl", "xlrd", "python_calamine", "pytesseract", "safetensors", "transformers", "tokenizers", "gguf"),
        *(
            "openvino",
            "openvino_genai",
            "peft",
            "yaml",
            "pyarrow",
            "sqlite3",
            "pickle",
            "csv",
            "tomllib",
            "bakeoff.files.plain_json",
        ),
    ),
    "code of others": ("importlib.metadata.entry_points", "bakeoff.imports"),
}
"""What a package imports to cross a boundary, by what it crosses."""
BOUNDARIES = (
    *("Documents", "Question files", "Configuration", "Models and adapters", "Chat templates", "Model servers"),
    *("Sources", "HTTP API", "Web pages", "Feedback and learning", "Reports, tables and exports", "Support bundles"),
    *("Run folders of others", "Workers and Ray", "PostgreSQL", "Object storage", "Caches", "Logs", "Installation"),
)


def sections() -> dict[str, str]:
    """The text below each heading."""
    parts = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@cache
def names_in(path: Path) -> frozenset[str]:
    """The functions of a file of tests, those in classes too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def missing_tests(text: str) -> list[str]:
    """The tests that a text names and that do not exist."""
    return [
        f"{file}::{name}"
        for file, name in NAMED_TEST.findall(text)
        if not (REPOSITORY / file).is_file() or name not in names_in(REPOSITORY / file)
    ]


def test_every_test_that_is_named_exists():
    """And a name that does not is found."""
    assert len(NAMED_TEST.findall(PAGE)) > 100
    assert missing_tests(PAGE) == []
    gone = "`tests/unit/test_threat_model.py::test_nothing`, `tests/unit/test_none.py::test_a`"
    assert len(missing_tests(gone)) == 2


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_each_boundary_says_who_crosses_what_is_done_and_what_is_not(boundary):
    text = sections()[boundary]
    assert "Who crosses:" in text and "Not defended" in text and "| shown by |" in text
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    assert rows and all(NAMED_TEST.search(row) for row in rows)


def imported(path: Path) -> Iterator[str]:
    """All that a module imports, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def crossed(root: Path = SOURCE) -> dict[str, set[str]]:
    """What each package below a folder crosses."""
    found: dict[str, set[str]] = {}
    for path in root.rglob("*.py"):
        for name in imported(path):
            for what, modules in CROSSES.items():
                if any(f"{name}.".startswith(f"{module}.") for module in modules):
                    found.setdefault(f"{path.parent.relative_to(root).as_posix()}/", set()).add(what)
    return found


def test_every_package_that_something_crosses_is_named_with_what_it_crosses():
    """In the table, and with a boundary that has a section."""
    rows = re.findall(r"^\| `([\w/.]+/)` \| (.+?) \| (.+?) \|$", sections()["Where the code crosses"], re.MULTILINE)
    assert {package: set(what.split(", ")) for package, what, _ in rows} == crossed()
    links = {link for _, _, boundary in rows for link in re.findall(r"\]\(#([\w-]+)\)", boundary)}
    assert all(re.search(r"\]\(#", boundary) for _, _, boundary in rows)
    assert links <= {re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-") for name in BOUNDARIES}


def test_a_package_that_opens_a_socket_is_found(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "a.py").write_text("def f():\n    from socket import create_connection\n")
    (tmp_path / "new" / "b.py").write_text("import socketserver_of_ours\n")
    assert crossed(tmp_path) == {"new/": {"a socket"}}
