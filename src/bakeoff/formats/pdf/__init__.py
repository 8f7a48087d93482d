"""PDFs: words with their places, lines, tables, reading order, scanned pages."""
