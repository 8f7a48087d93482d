"""The index of all chunks. It is searched by words and by vectors, and kept up to date with the document store."""
