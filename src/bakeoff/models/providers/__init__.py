"""Models behind a server: the HTTP client and what all protocols share."""
