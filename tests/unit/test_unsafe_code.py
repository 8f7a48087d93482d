"""No code of the project loads what could run code, runs a shell, or lets XML name files. Exceptions stand here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.small import REPOSITORY

PLACES = ("src", "recipes", "benchmarks", "examples", "locks", "website", "conftest.py")
FILES = sorted(
    file
    for place in PLACES
    for file in ([REPOSITORY / place] if place.endswith(".py") else (REPOSITORY / place).rglob("*.py"))
)

PICKLES = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "jsonpickle"}
PICKLED = {"read_pickle", "to_pickle", "unsafe_load", "unsafe_load_all", "full_load", "full_load_all"}
LOADERS = {"Loader", "CLoader", "UnsafeLoader", "CUnsafeLoader", "FullLoader", "CFullLoader", "UnsafeConstructor"}
SHELLS = {"system", "popen", "getoutput", "getstatusoutput", "execv", "execve", "execvp", "spawnl", "spawnv"}
PARSES = {"fromstring", "parse", "iterparse", "XML", "fromstringlist", "XMLID", "HTML"}
UNPACKS = {"extractall", "unpack_archive"}

ALLOWED = {
    (
        "src/bakeoff/models/engines/transformers.py",
        "pickle",
    ): "an adapter, whose folder was checked for safetensors before",
    ("src/bakeoff/pilot/executors/jobs.py", "pickle"): "asks whether its own error can go to the main process",
    ("src/bakeoff/pilot/executors/local.py", "processes"): "a process and the workers it started, by a private pipe",
    ("src/bakeoff/pilot/executors/worker.py", "processes"): "a process and the workers it started, by a private pipe",
    (
        "src/bakeoff/pilot/executors/parts.py",
        "archive",
    ): "its own archives, by their SHA-256, by tarfile's filter of data",
    ("src/bakeoff/formats/doctype.py", "xml"): "looks whether there is a document type, and stops there",
}
"""A file and what it does, with the reason why it may."""


def findings(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """(line, kind, what) of everything in the code that must not be there."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((node.lineno, *one) for one in imported(node))
        elif isinstance(node, ast.Attribute):
            yield from ((node.lineno, *one) for one in attribute(node))
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, *one) for one in called(node))
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "trust_remote_code" and not is_(value, False):
                    yield node.lineno, "remote code", "trust_remote_code"


def imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    names = [alias.name for alias in node.names]
    modules = names if isinstance(node, ast.Import) else [node.module or "", *names]
    for module in modules:
        top = module.split(".")[0]
        if top in PICKLES:
            yield "pickle", f"import of {module}"
        if top == "multiprocessing":
            yield "processes", f"import of {module}, which pickles what it sends"
        if module in LOADERS | PICKLED:
            yield "yaml", f"import of {module}"
        if top == "xml" and not (isinstance(node, ast.ImportFrom) and node.module not in ("xml", module)):
            yield "xml", f"import of {module}"
    if isinstance(node, ast.ImportFrom):
        if node.module == "os" and SHELLS & set(names):
            yield "shell", "import from os"
        if node.module == "torch" and "load" in names:
            yield "pickle", "import of torch.load"
        if node.module == "jinja2" and {"Template", "NativeEnvironment"} & set(names):
            yield "template", "a template outside a sandbox"


def attribute(node: ast.Attribute) -> Iterator[tuple[str, str]]:
    of = node.value.id if isinstance(node.value, ast.Name) else ""
    if node.attr in PICKLED or (of == "yaml" and node.attr in LOADERS):
        yield "pickle" if "pickle" in node.attr else "yaml", node.attr
    if of in ("os", "subprocess", "commands") and (node.attr in SHELLS or node.attr.startswith(("exec", "spawn"))):
        yield "shell", f"{of}.{node.attr}"
    if of == "torch" and node.attr == "load":
        yield "pickle", "torch.load"


def called(node: ast.Call) -> Iterator[tuple[str, str]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    if isinstance(node.func, ast.Name) and name in ("eval", "exec", "__import__"):
        yield "eval", name
    for argument in ("trust_remote_code", "allow_pickle", "shell"):
        if argument in given and not is_(given[argument], False):
            kind = {"trust_remote_code": "remote code", "allow_pickle": "pickle", "shell": "shell"}[argument]
            yield kind, f"{argument}=…"
    if name == "getattr" and any(isinstance(one, ast.Constant) and one.value in LOADERS for one in node.args):
        yield "yaml", "a loader by name"
    if name == "from_pretrained" and is_model(node.func) and not {"use_safetensors", "gguf_file"} & set(given):
        yield "pickle", "weights that may be pickled"
    if name in ("from_pretrained", "from_config") and chooses(node.func) and "trust_remote_code" not in given:
        yield "remote code", "whoever sits at the terminal is asked whether a model's code may run"
    if name == "from_string" or (name == "Template" and isinstance(node.func, ast.Attribute)):
        yield "template", "a template outside a sandbox"
    if name in UNPACKS:
        yield "archive", name
    yield from lxml(node, name, given)


def is_model(function: ast.expr) -> bool:
    """Whether this is the method of a class for models of the library: it takes weights, others take settings."""
    of = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(of, ast.Name) and "Model" in of.id


def chooses(function: ast.expr) -> bool:
    """Whether this is the method of a class that a model's files choose: transformers asks about code in them."""
    of = function.value if isinstance(function, ast.Attribute) else None
    name = of.id if isinstance(of, ast.Name) else of.attr if isinstance(of, ast.Attribute) else ""
    return name.startswith("Auto") or not name


def lxml(node: ast.Call, name: str, given: dict[str | None, ast.expr]) -> Iterator[tuple[str, str]]:
    """Calls of lxml whose parser would resolve entities, or is lxml's own, which resolves some."""
    of = node.func.value.id if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) else ""
    if of in ("etree", "objectify") and name in PARSES and len(node.args) < 2 and "parser" not in given:
        yield "lxml", f"{of}.{name} without a parser"
    if name in ("XMLParser", "ETCompatXMLParser", "XMLPullParser"):
        if not is_(given.get("resolve_entities"), False):
            yield "lxml", f"{name} that resolves entities"
        if "no_network" in given and not is_(given["no_network"], True):
            yield "lxml", f"{name} with a network"
        if "load_dtd" in given and not is_(given["load_dtd"], False):
            yield "lxml", f"{name} that loads document types"


def is_(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("import pickle", "pickle"),
        ("from sklearn.externals import joblib", "pickle"),
        ("import marshal as m", "pickle"),
        ("import torch\ntorch.load(path)", "pickle"),
        ("torch.load(path, weights_only=True)", "pickle"),
        ("from torch import load", "pickle"),
        ("np.load(path, allow_pickle=True)", "pickle"),
        ("np.load(path, allow_pickle=allowed)", "pickle"),
        ("pd.read_pickle(path)", "pickle"),
        ("AutoModel.from_pretrained(folder)", "pickle"),
        ("from multiprocessing import Pipe", "processes"),
        ("AutoModel.from_pretrained(x, trust_remote_code=True)", "remote code"),
        ("AutoModel.from_pretrained(x, trust_remote_code=trusted)", "remote code"),
        ("load(x, **{'trust_remote_code': True})", "remote code"),
        ("AutoConfig.from_pretrained(folder)", "remote code"),
        ("transformers.AutoTokenizer.from_pretrained(folder)", "remote code"),
        ("AutoModelForCausalLM.from_config(config)", "remote code"),
        ("getattr(transformers, kind).from_pretrained(folder)", "remote code"),
        ("yaml.load(text, yaml.Loader)", "yaml"),
        ("yaml.unsafe_load(text)", "yaml"),
        ("from yaml import FullLoader", "yaml"),
        ("yaml.load(text, getattr(yaml, 'CLoader'))", "yaml"),
        ("eval(text)", "eval"),
        ("exec(text)", "eval"),
        ("os.system(command)", "shell"),
        ("from os import popen", "shell"),
        ("subprocess.run(command, shell=True)", "shell"),
        ("os.execvpe(a, b, c)", "shell"),
        ("import xml.etree.ElementTree as ET", "xml"),
        ("from xml.dom import minidom", "xml"),
        ("from xml import sax", "xml"),
        ("etree.fromstring(content)", "lxml"),
        ("etree.parse(path)", "lxml"),
        ("etree.XMLParser(huge_tree=True)", "lxml"),
        ("etree.XMLParser(resolve_entities=True)", "lxml"),
        ("etree.XMLParser(resolve_entities=False, no_network=False)", "lxml"),
        ("jinja2.Template(text).render()", "template"),
        ("Environment().from_string(text)", "template"),
        ("archive.extractall(folder)", "archive"),
        ("shutil.unpack_archive(path)", "archive"),
    ],
)
def test_what_must_not_be_there_is_found(code, kind):
    """Otherwise the test below could not fail."""
    assert kind in {found for _, found, _ in findings(ast.parse(code))}


@pytest.mark.parametrize(
    "code",
    [
        "model.eval()",
        "AutoModel.from_pretrained(folder, use_safetensors=True, trust_remote_code=False)",
        "AutoTokenizer.from_pretrained(folder, trust_remote_code=False)",
        "BertModel.from_pretrained(folder, use_safetensors=True)",
        "peft.PeftConfig.from_pretrained(folder)",
        "np.load(path, allow_pickle=False)",
        "yaml.safe_load(text)",
        "yaml.load(text, Loader=yaml.BaseLoader)",
        "etree.fromstring(content, etree.XMLParser(resolve_entities=False))",
        "subprocess.run([command], check=False)",
        "from importlib import resources",
        "re.compile(text)",
    ],
)
def test_what_is_safe_is_not_reported(code):
    assert not list(findings(ast.parse(code)))


@pytest.mark.parametrize("place", PLACES)
def test_no_code_is_unsafe(place):
    """But for what ALLOWED names, with its reason."""
    files = [file for file in FILES if file.is_relative_to(REPOSITORY / place)]
    assert files
    wrong = [f"{name}:{line}: {what}" for name, line, kind, what in found_in(files) if (name, kind) not in ALLOWED]
    assert not wrong, "\n".join(wrong)


def test_every_exception_is_needed():
    """One that is not goes."""
    needed = {(name, kind) for name, _, kind, _ in found_in(FILES)}
    assert set(ALLOWED) <= needed


def found_in(files: list[Path]) -> Iterator[tuple[str, int, str, str]]:
    for file in files:
        name = file.relative_to(REPOSITORY).as_posix()
        for line, kind, what in findings(ast.parse(file.read_text(encoding="utf-8"))):
            if kind != "processes" or name.startswith("src/"):  # measurements start processes of their own
                yield name, line, kind, what
