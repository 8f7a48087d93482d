"""Puts a round's decision into its folder: `decision.md`, `decision.html`, and the beginning of its report.

Takes a deployment, the round's run folder and the decision. Changes no decision and nothing that is served.
"""

import os
from pathlib import Path

from bakeoff.files import jsonl
from bakeoff.learn.accounts.account import account_for, account_path
from bakeoff.learn.accounts.html import html_text
from bakeoff.learn.accounts.page import page_of
from bakeoff.learn.accounts.text import markdown_text
from bakeoff.report import write_report
from bakeoff.runs.folder import RunFolder, write_record
from bakeoff.runs.preface import Preface
from bakeoff.serve.log_entries import Decision

PAGE = "decision.html"
OTHER_QUESTION = (
    "The gate decides what is served: whether the candidate replaces it. The verdict below answers another question: "
    "which contender a pilot with these questions would choose, or none. It changes nothing that is served."
)


def write_pages(root: Path, folder: RunFolder, decision: Decision) -> Path:
    """Writes the decision's pages, and the report again with the decision at its top. Gives the decision's page."""
    account = account_for(root, decision)
    page = page_of(root.name, decision, account=account)
    figures = {"All figures": _link(account_path(root, decision.round), folder)} if account else {}
    grades = {"All grades": _link(evidence_path(root, decision), folder)} if decision.evidence else {}
    jsonl.write_text(folder.root / "decision.md", markdown_text(page))
    others = {"Report of the round": folder.report_path.name, **figures, **grades}
    jsonl.write_text(folder.root / PAGE, html_text(page, others))
    links = {"The questions that decided": PAGE, **grades}
    sentences = (decision.reason, OTHER_QUESTION)
    write_record(folder.preface_path, Preface(title=page.title, sentences=sentences, links=links))
    if folder.comparison_path.exists():
        write_report(folder.root)
    return folder.root / PAGE


def evidence_path(root: Path, decision: Decision) -> Path:
    """The file with all grades: its place is one in the deployment, or a path of its own."""
    inside = root / decision.evidence
    return inside if inside.exists() else Path(decision.evidence)


def _link(path: Path, folder: RunFolder) -> str:
    """The address of a file from a page in the run folder."""
    return Path(os.path.relpath(path, folder.root)).as_posix()
