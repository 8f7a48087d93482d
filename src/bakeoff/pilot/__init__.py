"""The whole pilot: data prepared, contenders built, asked, scored, judged."""
