"""What a release was measured with: profile, verdict, costs, accuracy, and how well its questions were covered.

Takes a deployment's folder and a release. Reads the copies of the run's files that lie with the release; the run's own
answers and scores while the run is still there. A file that is missing, or of another version, leaves its part unknown.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from bakeoff.decide.cost.model import CostInputs
from bakeoff.decide.situation.profile import Profile
from bakeoff.decide.verdict.judgement import Judgement
from bakeoff.errors import BakeoffError
from bakeoff.files import jsonl
from bakeoff.measure.comparison import Comparison, Estimate
from bakeoff.measures import IN_DOMAIN
from bakeoff.records import Question
from bakeoff.runs.folder import RunFolder
from bakeoff.serve.deployment import Deployment
from bakeoff.serve.releases import Release, release_folder
from bakeoff.serve.standing import read_or_none


class Evidence:
    """The evidence of one release."""

    def __init__(self, root: Path, release: Release) -> None:
        self.release = release
        self.root = root
        self._folder = release_folder(root, release.number) / "evidence"

    @cached_property
    def judgement(self) -> Judgement | None:
        """The verdict; None for a run that was not judged, or by another version."""
        return read_or_none(self._folder / "verdict.json", Judgement)

    @cached_property
    def profile(self) -> Profile:
        """What the verdict assumed, or else the release's configuration."""
        return (
            self.judgement.profile
            if self.judgement
            else Deployment(self.root, number=self.release.number).config.profile
        )

    @cached_property
    def comparison(self) -> Comparison | None:
        return read_or_none(self._folder / "comparison.json", Comparison)

    @property
    def inputs(self) -> dict[str, CostInputs]:
        """What the verdict's costs rest on, by contender."""
        return dict(self.judgement.cost.inputs) if self.judgement else {}

    def estimate(self, contender: str, measure: str) -> Estimate:
        """A measured value of a contender; empty if it is not known."""
        known = self.comparison is not None and contender in self.comparison.names
        return self.comparison.estimate(contender, measure) if self.comparison and known else Estimate(value=None)

    @cached_property
    def run(self) -> RunFolder | None:
        """The run; None if it was removed since."""
        folder = RunFolder(Path(self.release.run))
        return folder if folder.comparison_path.exists() and folder.splits_path.exists() else None

    @cached_property
    def tested(self) -> tuple[Question, ...]:
        """The test questions that users ask, not those of general knowledge."""
        try:
            asked = jsonl.read(self._folder / "splits.jsonl", Question)
        except BakeoffError:
            return ()
        return tuple(question for question in asked if question.split == "test" and question.slice in IN_DOMAIN)

    def scores(self, contender: str) -> Sequence[float]:
        """The score of the best passage for each test question in the contender's answers; empty without the run."""
        if self.run is None:
            return ()
        wanted = {question.id for question in self.tested}
        try:
            answers = self.run.answers(contender)
        except BakeoffError:
            return ()
        return [
            max(hit.score for hit in answer.citations)
            for answer in answers
            if answer.question_id in wanted and answer.citations
        ]
