"""Turns the bytes of one file into structured text: Markdown, HTML, PDF, DOCX, rows. Knows nothing about documents."""
