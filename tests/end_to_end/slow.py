"""The reading generator, slowed down so that a test can stop it in the middle."""

import time

from tests.end_to_end import small


def reader():
    """A generator that takes a tenth of a second for each call."""
    generator = small.reader()
    generate = generator.generate

    def slowly(prompts, settings):
        time.sleep(0.1)
        return generate(prompts, settings)

    generator.generate = slowly
    return generator
