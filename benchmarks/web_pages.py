"""How well readers find the main text of web pages: the reader for HTML files against trafilatura.

`python benchmarks/web_pages.py SELECTOR FILE...` compares, for saved pages, the words of each reader with the words of
the element that the selector names (without its scripts, buttons and navigation). Needs trafilatura and
lxml_html_clean, which Bakeoff does not use.
"""

import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import trafilatura
from bs4 import BeautifulSoup

from bakeoff.formats.html import read

LEAST_WORDS = 30


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", text))


def main_words(page: str, selector: str) -> Counter[str]:
    main = BeautifulSoup(page, "lxml").select_one(selector)
    if main is None:
        return Counter()
    for part in main.select("nav, script, style, button"):
        part.decompose()
    return words(main.get_text(" "))


def by_trafilatura(page: str) -> str:
    found = trafilatura.extract(page, output_format="markdown", include_tables=True, include_comments=False)
    return found or ""


def by_ours(page: str) -> str:
    return read.parse(page)[1]


READERS: dict[str, Callable[[str], str]] = {"formats.html": by_ours, "trafilatura": by_trafilatura}


def main(selector: str, paths: list[str]) -> None:
    print("| reader | pages | share of the main words found | share of the found words that are main | ms a page |")
    print("|---|---|---|---|---|")
    pages = [Path(path).read_text(encoding="utf-8", errors="replace") for path in paths]
    wanted = [(page, gold) for page in pages if (gold := main_words(page, selector)).total() >= LEAST_WORDS]
    for name, reader in READERS.items():
        recall = precision = seconds = 0.0
        for page, gold in wanted:
            began = time.perf_counter()
            found = words(reader(page))
            seconds += time.perf_counter() - began
            hits = (found & gold).total()
            recall += hits / gold.total()
            precision += hits / max(1, found.total())
        n = len(wanted)
        print(f"| {name} | {n} | {recall / n:.3f} | {precision / n:.3f} | {1000 * seconds / n:.0f} |")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
