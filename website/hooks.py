"""Hooks of the documentation site: adds the pages that are generated from the code, and keeps links inside the site.

MkDocs calls `on_config`, `on_files` and `on_page_markdown`. A folder in `nav:` stands for its pages. Pages link to
sources and examples of the repository; on the site these are shown as paths, since they are not part of it.
"""

import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parent))
import reference

DOCS = Path(__file__).parents[1] / "docs"
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)")


def on_config(config: Any) -> Any:
    """The configuration with the pages of each folder in its navigation."""
    config["nav"] = [_listed(entry) for entry in config["nav"]]
    return config


def _listed(entry: Any) -> Any:
    if isinstance(entry, dict):
        return {title: _listed(inner) for title, inner in entry.items()}
    if isinstance(entry, list):
        return [_listed(inner) for inner in entry]
    if not entry.endswith("/"):
        return entry
    pages = sorted(path.relative_to(DOCS).as_posix() for path in (DOCS / entry).glob("*.md"))
    return sorted(pages, key=lambda page: not page.endswith("README.md"))


def on_files(files: Files, config: Any) -> Files:
    """The files of docs/ and the generated pages."""
    for name, write in reference.PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=write()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """The page with the links that leave docs/ written as paths."""
    return LINK.sub(lambda found: _inside(found, DOCS / page.file.src_uri), markdown)


def _inside(link: re.Match[str], page: Path) -> str:
    """The link as it is if it stays on the site, else its words with the path."""
    words, target = link.groups()
    if re.match(r"[a-z]+:|#", target):
        return link.group()
    aim = (page.parent / target.partition("#")[0]).resolve()
    if aim.is_relative_to(DOCS) and (aim.suffix == ".md" or aim.is_file()) and not aim.is_relative_to(DOCS / "schemas"):
        return link.group()
    if aim.is_relative_to(DOCS) and not aim.exists():
        return link.group()
    path = f"`{aim.relative_to(DOCS.parent).as_posix()}`"
    return path if words.strip("`") == path.strip("`") else f"{words} ({path})"
