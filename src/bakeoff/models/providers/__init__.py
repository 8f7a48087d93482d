"""Models behind a server: one HTTP client, and what every protocol needs of it."""
