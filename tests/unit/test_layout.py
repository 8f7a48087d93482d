"""The packages stand on one another in one order; nothing compares a contender's name; reports load no engine."""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bakeoff.catalogue import RECIPES

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "bakeoff"

# From the ground up: a package imports only packages above it in this list, and itself.
ORDER = (
    ("credentials",),
    ("errors", "records", "sentences", "catalogue", "deployment_commands"),
    ("writing",),
    ("imports", "protocols", "measures"),
    ("files", "apart"),
    ("formats",),
    ("corpus",),
    ("grading",),
    ("questions",),
    ("models",),
    ("retrieval",),
    ("tuning",),
    ("measure",),
    ("style",),
    ("llm_judge",),
    ("contenders",),
    ("decide",),
    ("runs",),
    ("report",),
    ("pilot",),
    ("synthesis",),
    ("serve",),
    ("labelling",),
    ("learn",),
    ("exports",),
    ("importing",),
    ("doctor",),
    ("cli",),
)
FLOOR = {package: floor for floor, packages in enumerate(ORDER) for package in packages}

# The same for the parts of decide/.
ORDER_OF_DECIDE = ("wording", "situation", "plan", "cost", "requirements", "value", "advise", "verdict")
FLOOR_OF_DECIDE = {part: floor for floor, part in enumerate(ORDER_OF_DECIDE)}
ENGINES = ("torch", "transformers", "openvino", "openvino_genai", "lancedb", "peft", "tokenizers")


def modules() -> Iterator[tuple[str, Path]]:
    """Every module with the package it belongs to."""
    for path in SOURCE.rglob("*.py"):
        package = path.relative_to(SOURCE).parts[0].removesuffix(".py")
        if package not in ("__init__", "__main__"):
            yield package, path


@functools.cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module, for all tests that ask about it."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(path: Path, within: str = "bakeoff") -> Iterator[tuple[str, int]]:
    """The parts of a package (by default those of Bakeoff) that a module imports, at any depth, with the line."""
    for node in ast.walk(parsed(path)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module] if node.module != within else [f"{within}.{alias.name}" for alias in node.names]
        for name in names:
            if name.startswith(f"{within}."):
                yield name.removeprefix(f"{within}.").split(".")[0], node.lineno


def test_every_package_has_its_floor():
    """A new package is given its place in ORDER."""
    assert {package for package, _ in modules()} == set(FLOOR)


def test_no_package_imports_one_that_stands_on_it():
    """Which also means that there is no cycle."""
    wrong = [
        f"{path.relative_to(SOURCE)}:{line} imports {imported}"
        for package, path in modules()
        for imported, line in imports_of(path)
        if imported != package and FLOOR.get(imported, -1) >= FLOOR[package]
    ]
    assert wrong == []


def parts_of_decide() -> Iterator[tuple[str, Path]]:
    """Every module of decide/ with the part it belongs to."""
    for path in (SOURCE / "decide").rglob("*.py"):
        part = path.relative_to(SOURCE / "decide").parts[0].removesuffix(".py")
        if part != "__init__":
            yield part, path


def test_the_parts_of_decide_stand_on_one_another_in_one_order():
    """Advice and verdict both use what requirements say; advice knows no verdict."""
    assert {part for part, _ in parts_of_decide()} == set(ORDER_OF_DECIDE)
    wrong = [
        f"{path.relative_to(SOURCE)}:{line} imports {imported}"
        for part, path in parts_of_decide()
        for imported, line in imports_of(path, "bakeoff.decide")
        if imported != part and FLOOR_OF_DECIDE[imported] >= FLOOR_OF_DECIDE[part]
    ]
    assert wrong == []


def compared_names(path: Path) -> Iterator[str]:
    """Contenders' short names that stand in a module, docstrings and a recipe's `approach` apart."""
    tree = parsed(path)
    excused = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) or _is_approach(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value in RECIPES and id(node) not in excused:
            yield f"{path.relative_to(SOURCE)}:{node.lineno}: {node.value!r}"


def _is_approach(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["approach"]


# Two approaches of the decision matrix are spelled like recipes.
APPROACHES = {"rag", "hybrid"}
SPELLED_ALIKE = dict.fromkeys(("records.py", "report/verdict_page.py", "report/advice/page.py"), APPROACHES)
SPELLED_ALIKE["synthesis/extractive/places.py"] = {"faq"}
"""A title that says nothing: 'FAQ'."""
SPELLED_ALIKE["corpus/sources/bucket.py"] = SPELLED_ALIKE["models/providers/batches.py"] = {"endpoint"}
"""The address of an object store; the path that a batch is for."""


def test_nothing_compares_a_contenders_name_outside_its_own_file():
    """The catalogue names the recipes, each recipe names itself; nobody else asks who a contender is."""
    found = [
        place
        for package, path in modules()
        if package not in ("catalogue", "contenders")
        for place in compared_names(path)
        if place.split("'")[1] not in SPELLED_ALIKE.get(str(path.relative_to(SOURCE)), set())
    ]
    assert found == []


def test_each_recipe_names_only_itself():
    """In `contenders/` a short name stands in its recipe's own file."""
    found = [
        place
        for path in (SOURCE / "contenders").glob("*.py")
        for place in compared_names(path)
        if RECIPES[place.split("'")[1]].split(".")[-2] != path.stem
    ]
    assert found == []


@pytest.mark.parametrize("package", ["report", "decide", "runs", "measure", "style", "llm_judge", "contenders"])
def test_packages_that_judge_and_show_load_no_engine(package):
    """Importing every module of the package brings in no model library and no index."""
    code = (
        "import importlib, pkgutil, sys, bakeoff; "
        f"package = importlib.import_module('bakeoff.{package}'); "
        f"found = pkgutil.walk_packages(package.__path__, 'bakeoff.{package}.'); "
        "[importlib.import_module(module.name) for module in found]; "
        f"print(sorted(name for name in {ENGINES!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_make_test_runs_every_folder_of_tests() -> None:
    """A folder that the Makefile forgets is tested by nobody."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    whole = makefile.partition("\nWHOLE := ")[2].partition("\n")[0]
    folders = {path.parent.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}
    for target in ("test", "test-all"):
        commands = makefile.partition(f"\n{target}: ")[2].partition("\n\n")[0].replace("$(WHOLE)", whole)
        assert folders and folders <= set(commands.split())
