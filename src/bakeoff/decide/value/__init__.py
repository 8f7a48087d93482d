"""What each contender is worth: draws of outcomes, net value a year, ranges of value, the value of more data."""
