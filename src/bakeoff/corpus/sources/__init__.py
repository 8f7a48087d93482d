"""The sources of documents. So far: folders and files."""
