"""Draws small PDFs word by word, to say where on the page each text stands."""

import io
from collections.abc import Callable

from reportlab.pdfgen import canvas

Drawing = Callable[[canvas.Canvas], None]


def drawn(*drawings: Drawing) -> bytes:
    """A PDF with one page for each drawing."""
    buffer = io.BytesIO()
    page = canvas.Canvas(buffer, pagesize=(595, 842))
    for drawing in drawings:
        page.setFont("Helvetica", 11)
        drawing(page)
        page.showPage()
    page.save()
    return buffer.getvalue()


def texts(*placed: tuple[float, float, str]) -> Drawing:
    """Draws each text at (x, y), in this order."""

    def draw(page: canvas.Canvas) -> None:
        for x, y, text in placed:
            page.drawString(x, y, text)

    return draw


def grid(rows: list[list[str]], columns: list[float], top: float = 700, pitch: float = 14) -> Drawing:
    """Draws a table row by row, each cell at the x of its column. Empty cells are not drawn."""
    return texts(
        *(
            (x, top - i * pitch, cell)
            for i, row in enumerate(rows)
            for x, cell in zip(columns, row, strict=False)
            if cell
        )
    )
