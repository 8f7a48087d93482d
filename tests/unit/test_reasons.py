"""What the system says is told in its words: no message shows the number of an error, as in "[Errno 13]"."""

import ast
from collections.abc import Iterator

import pytest

from bakeoff.errors import RunFolderError
from bakeoff.files.unreadable import NOT_READABLE, reason_of
from bakeoff.learn.accounts.account import account_for, account_path, write_account
from tests.end_to_end.small import REPOSITORY
from tests.unit.refused import no_rights
from tests.unit.test_decision_accounts import decided

OF_SYSTEM = {"OSError", "PermissionError", "FileNotFoundError", "ConnectionError", "TimeoutError"}


def shown_whole(tree: ast.AST) -> Iterator[int]:
    """The lines on which an error that may be one of the system is written into a text as it is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type and node.name:
            names = {one.id for one in ast.walk(node.type) if isinstance(one, ast.Name)}
            for part in ast.walk(ast.Module(body=node.body, type_ignores=[])) if names & OF_SYSTEM else ():
                if isinstance(part, ast.FormattedValue) and ast.unparse(part.value) in (
                    node.name,
                    f"str({node.name})",
                    f"' '.join(str({node.name}).split())",
                ):
                    yield part.lineno


def test_no_message_shows_the_number_of_an_error() -> None:
    """`reason_of` and `unreadable` give the words."""
    found = [
        f"{file.relative_to(REPOSITORY)}:{line}"
        for file in (REPOSITORY / "src").rglob("*.py")
        for line in shown_whole(ast.parse(file.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_the_reason_is_on_one_line() -> None:
    assert reason_of(FileNotFoundError(2, "No such file or directory", "a")) == "No such file or directory"
    assert reason_of(ValueError("a\n  b")) == "a b"


def test_an_account_that_may_not_be_read_is_not_to_be_deleted(tmp_path, monkeypatch) -> None:
    decision, account = decided()
    write_account(tmp_path, account)
    path = account_path(tmp_path, decision.round)
    no_rights(monkeypatch, path)
    with pytest.raises(RunFolderError) as error:
        account_for(tmp_path, decision)
    assert error.value.message == f"Cannot read {path}: Permission denied." and error.value.remedy == NOT_READABLE
