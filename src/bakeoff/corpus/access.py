"""Who may see a document: the one rule, for search, for pages and for prompts.

Takes the labels that somebody holds and those of a document. Knows neither keys nor servers.
"""

from collections.abc import Collection

from bakeoff.records import Labels


def may_see(held: Labels, access: Collection[str]) -> bool:
    """Whether somebody who holds these labels may see a document with these: it has none, or one of them is held.

    >>> may_see(("hr",), ("hr", "legal")), may_see((), ("hr",)), may_see((), ()), may_see(None, ("hr",))
    (True, False, True, True)
    """
    return held is None or not access or not set(held).isdisjoint(access)
