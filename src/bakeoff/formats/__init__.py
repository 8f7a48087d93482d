"""Bytes of one file to text with its structure: Markdown, HTML, PDF, DOCX, rows. Knows nothing about documents."""
