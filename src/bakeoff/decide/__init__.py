"""From what was measured and what a team says about itself to a decision: pure functions, one file each.

Takes the content of `comparison.json` and a `Profile`; gives costs, a matrix, a roadmap, a verdict. Knows nothing
about models or run folders.
"""
