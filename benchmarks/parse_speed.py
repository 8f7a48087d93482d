"""How fast PDFs and Word documents are read, in bytes of files and characters of text per second of one core.

    python benchmarks/parse_speed.py [FOLDER ...]

Prints a Markdown table by kind of file, and beside it how long PDFium alone takes to draw the same text from the PDFs,
all measured in one run in processor time. Without a folder it makes PDFs of its own: prose, tables and columns, without
embedded fonts, so that their bytes are few and their characters many.
"""

import argparse
import io
import random
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pypdfium2 as pdfium
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

from bakeoff.errors import InputError
from bakeoff.formats.parse import parse

SEED, N_DOCUMENTS, N_SECTIONS = 7, 10, 40
TEXT = "the warranty of a kettle covers all parts for twenty four months from delivery in every shop and country"
WORDS = tuple(re.findall(r"\w+", TEXT))


def made() -> Iterator[tuple[str, bytes]]:
    """Documents of about 20 pages, half prose and half tables."""
    chance, style = random.Random(SEED), getSampleStyleSheet()
    for number in range(N_DOCUMENTS):
        blocks: list[object] = []
        for section in range(N_SECTIONS):
            blocks.append(Paragraph(f"Section {section}", style["Heading2"]))
            blocks.append(Paragraph(" ".join(chance.choices(WORDS, k=150)), style["BodyText"]))
            rows = [["Item", "Price", "Stock"]] + [[chance.choice(WORDS), f"£{n}.00", "yes"] for n in range(8)]
            blocks.append(Table(rows))
        buffer = io.BytesIO()
        SimpleDocTemplate(buffer).build(blocks)
        yield f"made-{number}.pdf", buffer.getvalue()


def found(folders: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The PDFs and Word documents below the folders."""
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix.lower() in (".pdf", ".docx"):
                yield path.name, path.read_bytes()


def draw(content: bytes) -> None:
    """Takes the text of a PDF from PDFium, without words, lines or tables."""
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError:
        return
    for page in document:
        page.get_textpage().get_text_bounded()
    document.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*")
    files = list(found(parser.parse_args().folders)) or list(made())
    parse(*next(iter(made())))  # imports, and the word list
    read: dict[str, list[float]] = defaultdict(lambda: [0.0] * 5)
    for name, content in files:
        row = read[Path(name).suffix.lower()]
        start = time.process_time()
        try:
            n_characters = sum(len(part.text) for part in parse(name, content).parts)
        except InputError as error:
            print(f"{name}: {error.message}")
            continue
        seconds = time.process_time() - start
        start = time.process_time()
        if name.lower().endswith(".pdf"):
            draw(content)
        for i, amount in enumerate((1, len(content), n_characters, seconds, time.process_time() - start)):
            row[i] += amount
    print("| kind | files | MB | MB of files a second | MB of text a second | PDFium alone, of our time |")
    print("|---|---:|---:|---:|---:|---:|")
    for kind, (n_files, n_bytes, n_characters, seconds, alone) in read.items():
        speed, text_speed = n_bytes / 1e6 / seconds, n_characters / 1e6 / seconds
        share = f"{alone / seconds:.0%}" if kind == ".pdf" else ""
        print(f"| {kind} | {n_files:.0f} | {n_bytes / 1e6:.1f} | {speed:.1f} | {text_speed:.2f} | {share} |")


if __name__ == "__main__":
    main()
