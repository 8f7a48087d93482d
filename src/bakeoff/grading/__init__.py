"""One answer against the accepted ones, by rules. Knows nothing about contenders or runs."""
