"""Other wordings of a question by rules, and what a wording must keep to ask for the same.

Takes English questions, gives texts. Knows no model and no answers.
"""

from bakeoff.synthesis.wordings.kept import lost
from bakeoff.synthesis.wordings.reworded import reworded

__all__ = ["lost", "reworded"]
