"""How files are written and read: JSON lines, strict YAML, CSV for spreadsheets, the cache. Knows no content."""
