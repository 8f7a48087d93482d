"""A judge that fails, times out, answers in prose or costs too much: one message, and what it judged is kept."""

import pytest

from bakeoff.errors import ModelUnavailableError
from bakeoff.llm_judge.asking import GIVE_UP_AFTER, Asking, Form, Limits
from bakeoff.llm_judge.prompts import ReplyError
from bakeoff.measure.rates import Rates
from bakeoff.models.engines.scripted import ScriptedGenerator
from bakeoff.records import Completion, Message, Prompt, Usage


def prompts(*texts):
    return [Prompt(messages=(Message(role="user", content=text),)) for text in texts]


def number(reply):
    if not reply.strip().isdigit():
        raise ReplyError("this is no number")
    return int(reply)


FORM = Form(number, "a number")


def ask(asking, *texts):
    return asking.ask(prompts(*texts), [FORM] * len(texts))


def test_replies_are_read_in_order_with_their_cost():
    """One outcome for each prompt: the value, the tokens, and the US dollars at the rates."""
    rates = Rates(input_usd_per_million_tokens=1e6, output_usd_per_million_tokens=1e6)
    asking = Asking(ScriptedGenerator({"one": "1", "the two": "2"}), Limits(), rates)
    first, second = ask(asking, "one", "the two")
    assert (first.value, second.value) == (1, 2)
    assert second.usage.prompt_tokens == 2 and second.usd == pytest.approx(3)
    assert not asking.stopped


def test_a_reply_that_cannot_be_read_is_asked_for_once_more():
    """The second prompt holds the reply, what is wrong with it and the form. Both requests are paid for."""
    seen = []

    def script(message):
        seen.append(message)
        return "7" if "could not be read: this is no number" in message else "I think it is seven."

    (outcome,) = ask(Asking(ScriptedGenerator(script), Limits(), Rates()), "how many")
    assert outcome.value == 7 and outcome.error is None
    assert len(seen) == 2 and "a number" in seen[1]
    assert outcome.usage.completion_tokens == 6


def test_prose_twice_is_an_error_with_the_reply():
    """There is no third request."""
    generator = ScriptedGenerator(lambda message: "It is right.")
    (outcome,) = ask(Asking(generator, Limits(), Rates()), "how many")
    assert outcome.value is None and outcome.error == "The reply could not be read: this is no number"
    assert outcome.reply == "It is right."


def test_the_budget_is_never_exceeded():
    """A prompt is asked only if the most it can cost, with a second try, fits into what is left."""
    rates = Rates(output_usd_per_million_tokens=1e6)  # a dollar for a token
    generator = ScriptedGenerator(lambda message: "5")
    asking = Asking(generator, Limits(budget_usd=10.0, max_new_tokens=2), rates)
    outcomes = ask(asking, "a", "b", "c", "d")
    assert [outcome.value for outcome in outcomes] == [5, 5]
    assert "budget" in asking.stopped and ask(asking, "e") == []


def test_what_was_spent_before_counts():
    """A resumed run has the rest of its budget."""
    rates = Rates(output_usd_per_million_tokens=1e6)
    asking = Asking(ScriptedGenerator(lambda message: "5"), Limits(10.0, None, 2), rates, spent_usd=9.0)
    assert ask(asking, "a") == [] and "9.00" in asking.stopped


def test_machine_time_has_a_budget_too():
    """By what a prompt costs on average, once some were asked."""

    class Slow(ScriptedGenerator):
        def _complete(self, prompt, settings):
            done = super()._complete(prompt, settings)
            return done.model_copy(update={"usage": Usage(seconds=3600.0)})

    asking = Asking(Slow(lambda message: "5"), Limits(budget_usd=3.5), Rates(machine_usd_per_hour=1.0))
    assert len(ask(asking, "a")) == 1
    assert len(ask(asking, *"bcde")) == 2 and "budget" in asking.stopped


def test_the_time_is_limited():
    """Once it is over, nothing more is asked."""
    now = [0.0]
    asking = Asking(ScriptedGenerator({"a": "1"}), Limits(timeout_s=60), Rates(), clock=lambda: now[0])
    now[0] = 1.0
    assert ask(asking, "a")[0].value == 1
    now[0] = 61.0
    assert ask(asking, "a") == [] and "timeout_s" in asking.stopped


class Failing(ScriptedGenerator):
    """Fails for some prompts, as a completion with an error or as an exception."""

    def __init__(self, fails, raises=False):
        super().__init__(lambda message: "1")
        self.fails, self.raises = fails, raises

    def generate(self, prompts, settings):
        texts = [prompt.messages[-1].content for prompt in prompts]
        if self.raises and any(map(self.fails, texts)):
            raise ModelUnavailableError("The server is gone.", "start it")
        failed = Completion(text="", usage=Usage(), error="ApiError: 503")
        return [
            failed if self.fails(text) else done
            for text, done in zip(texts, super().generate(prompts, settings), strict=True)
        ]


@pytest.mark.parametrize("raises", [False, True])
def test_a_request_that_fails_is_one_error(raises):
    """The others have their values, also where one exception failed the whole batch."""
    outcomes = ask(Asking(Failing(lambda text: text == "b", raises), Limits(), Rates()), "a", "b", "c")
    assert [outcome.value for outcome in outcomes] == [1, None, 1]
    assert outcomes[1].error.startswith(("ApiError", "ModelUnavailableError"))


@pytest.mark.parametrize("raises", [False, True])
def test_a_server_that_is_gone_stops_the_judge(raises):
    """After some failures in a row, with one message that holds the last error."""
    asking = Asking(Failing(lambda text: True, raises), Limits(), Rates())
    assert len(ask(asking, *"abcdefgh")) == GIVE_UP_AFTER
    assert f"after {GIVE_UP_AFTER} failures in a row" in asking.stopped
    assert ask(asking, "i") == []


def test_failures_are_counted_after_each_batch():
    """The message has all failures in a row; a batch that ends well does not stop the judge."""
    asking = Asking(Failing(lambda text: text != "z"), Limits(), Rates())
    ask(asking, *"abcdefghijz")
    assert not asking.stopped
    ask(asking, *"abcdefghijkl")
    assert "after 12 failures in a row" in asking.stopped


@pytest.mark.parametrize(("is_local", "cost"), [(False, 0.0), (True, 1.0)])
def test_a_request_without_an_answer_costs_the_time_of_a_local_model_only(is_local, cost):
    """A server that was not reached has computed nothing; its answers cost the machine's time."""

    class Hours(Failing):
        def generate(self, prompts, settings):
            done = super().generate(prompts, settings)
            return [one.model_copy(update={"usage": Usage(seconds=3600.0)}) for one in done]

    asking = Asking(Hours(lambda text: text == "b"), Limits(), Rates(machine_usd_per_hour=1.0), is_local=is_local)
    assert [outcome.usd for outcome in ask(asking, "a", "b")] == [1.0, cost]
