"""Waits until a model that was tuned at its host answers there: for some time after its training, hosts do not know it.

Takes the settings of the tuned model. Starts nothing.
"""

import time

from bakeoff.errors import ContenderError
from bakeoff.models.cancelling import sleep
from bakeoff.models.load import behind_a_server
from bakeoff.models.probe import ONE_ANSWER, PROMPT
from bakeoff.models.providers.client import ApiError
from bakeoff.models.settings import ApiModel
from bakeoff.tuning.hosted.job import LATER, Pace

NOT_YET = (404, 409, 425, 503)
"""What servers answer for a model that is known, but not loaded yet."""


def wait_until_it_answers(model: ApiModel, pace: Pace) -> None:
    """Asks the tuned model for a few tokens until it answers.

    Raises ContenderError if it does not answer in time, or refuses for another reason.
    """
    begun, wait_s = time.monotonic(), pace.first_s
    generator = behind_a_server(model.model_copy(update={"retries": 0}))
    while True:
        try:
            generator.complete(PROMPT, ONE_ANSWER)
            return
        except ApiError as error:
            is_late = time.monotonic() - begun > pace.ready_s
            if is_late or error.status not in NOT_YET:
                raise ContenderError(
                    f"The tuned model {model.label} does not answer: {error.message}", LATER
                ) from error
        sleep(wait_s)
        wait_s = min(pace.longest_s, 1.5 * wait_s)
