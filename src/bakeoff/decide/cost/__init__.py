"""What a contender costs: usage, prices, totals and break-even points."""
