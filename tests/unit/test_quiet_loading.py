"""Weights are loaded without progress bars and reports of other heads, and without an unread adapter, everywhere."""

import ast
from pathlib import Path

import bakeoff

SOURCE = Path(bakeoff.__file__).parent
FOLDERS = ("AutoModel", "BertModel")
LOADS = (".from_pretrained", ".from_config")
"""A model without weights picks its code by the same settings."""
MODELS = ("AutoModel", "BertModel", "PeftModel")


def loads(tree: ast.AST, inside: bool = False) -> list[int]:
    """The lines where a class of models loads weights outside of `quiet_libraries`."""
    found = []
    for node in ast.iter_child_nodes(tree):
        names = [ast.unparse(item.context_expr) for item in node.items] if isinstance(node, ast.With) else []
        quiet = inside or "quiet_libraries()" in names
        is_load = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if is_load and node.func.attr == "from_pretrained" and ast.unparse(node.func.value).startswith(MODELS):
            found += [] if quiet else [node.lineno]
        found += loads(node, quiet)
    return found


def unread(tree: ast.AST) -> list[int]:
    """The lines of functions that load a model's folder and do not look first for what else that would load."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            calls = [(call.lineno, ast.unparse(call.func)) for call in ast.walk(node) if isinstance(call, ast.Call)]
            loading = [line for line, name in calls if name.startswith(FOLDERS) and name.endswith(LOADS)]
            looking = [line for line, name in calls if name == "refuse_other_loads"]
            found += [line for line in loading if not any(before < line for before in looking)]
    return found


def test_no_folder_of_a_model_is_loaded_before_it_was_looked_at():
    """transformers would hand an adapter in it to PEFT, unread, and fetch code that its settings name."""
    paths = list(SOURCE.rglob("*.py"))
    assert {str(path): lines for path in paths if (lines := unread(ast.parse(path.read_text())))} == {}
    assert unread(ast.parse("def f():\n    AutoModelForCausalLM.from_pretrained(x)")) == [2]
    assert unread(ast.parse("def f():\n    refuse_other_loads(x)\n    BertModel.from_pretrained(x)")) == []


def test_every_loading_of_weights_is_quiet():
    """A new engine that forgets it would print into the terminal and the server's log."""
    paths = list(SOURCE.rglob("*.py"))
    noisy = {str(path.relative_to(SOURCE)): lines for path in paths if (lines := loads(ast.parse(path.read_text())))}
    assert noisy == {}
    assert sum("Model.from_pretrained(" in path.read_text() for path in paths) >= 3


def test_a_loading_outside_is_found():
    """The check itself sees what it looks for."""
    bare, quiet = "AutoModel.from_pretrained(x)", "with quiet_libraries(), y():\n    a = AutoModel.from_pretrained(x)"
    assert loads(ast.parse(bare)) == [1] and loads(ast.parse(quiet)) == []
