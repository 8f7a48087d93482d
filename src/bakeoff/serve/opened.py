"""A release that is open: its contenders answer, and its sums are known.

Takes a deployment, live documents and a log, gives an `OpenRelease`. Does not know which release is live.
"""

from collections.abc import Iterable, Sequence

from bakeoff.serve.deployment import Deployment
from bakeoff.serve.documents.live import LiveDocuments
from bakeoff.serve.documents.opening import indexes_of, repair_new_indexes
from bakeoff.serve.log import Log
from bakeoff.serve.serving import Serving
from bakeoff.serve.sums import Sums, check_parts, note_followed, sums_of


class OpenRelease:
    """One release with what answers for it. `sums` are those of some version of the documents."""

    def __init__(self, deployment: Deployment, documents: LiveDocuments, log: Log, sums: Sums) -> None:
        self.deployment = deployment
        self.sums = sums
        self.number = deployment.release.number
        self.contender = deployment.release.contender
        self.serving = Serving(deployment, documents, log)
        self.indexes = indexes_of(deployment.world, deployment.release.contenders)

    def get_ready(self, contenders: Iterable[str] = ()) -> None:
        """Opens the default contender, and those of these that it has: their first questions do not wait for that."""
        names = [self.contender, *(name for name in contenders if name in self.serving.models)]
        for name in names:
            self.serving.open(name)
        self.serving.queue.counts()  # made now: two first questions at the same time would make two


def open_release(number: int, beside: Sequence[OpenRelease], documents: LiveDocuments, log: Log) -> OpenRelease:
    """The release of this number with its default contender ready to answer, beside those that are open already.

    Raises BakeoffError if a part is missing or not what was measured, and what a model's library raises.
    """
    deployment = beside[0].deployment.other(number, [one.deployment for one in beside])
    used = {name for one in beside for name in one.indexes}
    deployment.world.forget_indexes(but=used)  # those of releases that are no longer open
    repair_new_indexes(deployment, used)
    sums = sums_of(deployment)
    check_parts(deployment, sums)
    opened = OpenRelease(deployment, documents, log, sums)
    documents.follow([index for one in (*beside, opened) for index in one.indexes.values()])
    try:
        opened.get_ready(beside[0].serving.opened)
    except BaseException:
        documents.follow([index for one in beside for index in one.indexes.values()])
        raise
    note_followed(deployment.root, sums)
    return opened
