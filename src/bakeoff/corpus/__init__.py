"""Sources to documents to chunks, and the document store that is the truth about them.

Reading order: `read` (folders and files to documents), `parse` (one file to text), `chunk`, `store`. Knows neither
models nor questions.
"""
