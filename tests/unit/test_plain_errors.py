"""Bad values of a profile: what was found, what is allowed, what to write, without a word of the checking library."""

import pytest

from bakeoff.decide.situation.profile import validate_profile
from bakeoff.errors import ConfigError
from bakeoff.files.strict_yaml import strict_yaml
from bakeoff.runs.config import validate

RAW = ("Input should", "unable to parse", "valid dictionary", "instance of", "Keys should", "Field required", "pattern")


def refused(text):
    with pytest.raises(ConfigError) as error:
        validate_profile(strict_yaml(text))
    return error.value.message


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("value: {currency: USD, unanswered: yes}", "value.unanswered"),
        ("value: {currency: USD, unanswered: 4, wrong: off}", "value.wrong"),
        ("value: {currency: USD, unanswered: 4, today: {accuracy: yes}}", "value.today.accuracy"),
        ("value: {currency: USD, unanswered: 4, by_slice: {seen: {wrong: on}}}", "value.by_slice.seen.wrong"),
        ("value: {currency: USD, unanswered: 4, by_kind: {date: {right: no}}}", "value.by_kind.date.right"),
        ("fixed: {rag: {setup_usd: yes}}", "fixed.rag.setup_usd"),
        ("prices: {gpu_hour: {amount: yes}}", "prices.gpu_hour.amount"),
        ("slice_weights: {seen: yes}", "slice_weights.seen"),
        ("factor_weights: {style: yes}", "factor_weights.style"),
        ("measure_weights: {accuracy: yes}", "measure_weights.accuracy"),
        ("measure_weights: {ours: yes}", "measure_weights.ours"),
        ("usd_per: {EUR: yes}", "usd_per.EUR"),
        ("setup_days: {rag: [yes, 5]}", "setup_days.rag.0"),
        ("horizon_months: yes", "horizon_months"),
    ],
)
def test_yes_and_no_are_no_numbers_at_any_depth(text, key):
    """YAML reads 'yes' as true, which would count as 1: 1 USD, or 100 %."""
    assert f"'{key}' is {'false' if 'off' in text or 'right: no' in text else 'true'}: give a number" in refused(text)


def test_an_unknown_key_is_called_unknown_also_with_a_yes():
    """The key is wrong, not its value."""
    assert "unknown key 'value.foo'" in refused("value: {currency: USD, unanswered: 4, foo: yes}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("deadline_days: 15 days", "must be a number of days (found '15 days'): write only the number, 15"),
        ("value: {currency: USD, unanswered: 4 USD}", "(found '4 USD'): write only the number, 4"),
        ("value: {currency: USD, unanswered: $4.50}", "(found '$4.50'): write only the number, 4.5"),
        ("value: {currency: USD, unanswered: '4,50'}", "write only the number, 4.5"),
        ("value: {currency: USD, unanswered: 4,00}", "'value': 0 is no key. If it is part of a number, write"),
        ("value: {currency: USD, unanswered: 4, today: {accuracy: 90 %}}", "write only the number, 0.9"),
        ("queries_per_month: 10,000", "write only the number, 10000"),
        ("queries_per_month: 20k", "write only the number, 20000"),
        ("queries_per_month: 20 thousand", "write only the number, 20000"),
        ("latency_limit_ms: 2s", "must be a number of ms (found '2s'): write only the number, 2000"),
        ("latency_limit_ms: 1.5 seconds", "write only the number, 1500"),
        ("latency_limit_ms: 300ms", "write only the number, 300"),
        ("deadline_days: 2 weeks", "(found '2 weeks'): write only the number, 14"),
        ("horizon_months: 2 years", "(found '2 years'): write only the number, 24"),
        ("budget_usd_per_month: 500 USD", "(found '500 USD'): write only the number, 500"),
        ("budget_usd_per_month: 500 EUR", "(found '500 EUR'): it is in USD, so convert it and write only the number"),
        ("budget_usd_per_month: €500", "(found '€500'): it is in USD, so convert it and write only the number"),
        ("queries_per_month: 10 to 20", "must be a number of questions per month (found '10 to 20')"),
        ("queries_per_month:", "(found null): leave the line out if you do not know it"),
        ("deadline_days: 2026-12-01", "must be a number of days (found 2026-12-01)"),
        (
            "value: {currency: USD, unanswered: 4, today: 0.9}",
            "as in {accuracy: 0.9} (found 0.9). Its keys are accuracy,",
        ),
        ("value: {currency: USD, unanswered: 4, today: null}", "as in {accuracy: 1}, or leave it out (found null)"),
        (
            "value: {currency: USD, unanswered: 4, by_slice: {seen: 3}}",
            "as in {right: 3} (found 3). Its keys are right,",
        ),
        ("value: {currency: USD, unanswered: 4, by_slice: 3}", "as in {seen: {right: 3}} (found 3)"),
        ("fixed: {rag: 50000}", "as in {setup_usd: 50000} (found 50000). Its keys are setup_usd,"),
        ("usd_per: 1.1", "as in {EUR: 1.1} (found 1.1)"),
        ("value: {currency: usd, unanswered: 4}", "must be a currency's three capital letters, such as USD"),
        ("value: {currency: no, unanswered: 4}", "must be a text: put it in quotes (found false)"),
        ("must_run_offline: 5", "must be yes or no (found 5)"),
        ("prices: {gpu_hour: {currency: EUR}}", "'prices.gpu_hour.amount' is missing"),
        ("prices: {gpu_hour: {amount: 3, date: soon}}", "must be a date, such as 2026-06-17 (found 'soon')"),
        ("1: 4", "1 is no key"),
    ],
)
def test_a_message_says_what_is_allowed_and_what_to_write(text, said):
    """Each says it in plain words, the same at the top of bakeoff.yaml."""
    message = refused(text)
    assert said in message and not any(word in message for word in RAW)


@pytest.mark.parametrize("found", ["3000/day", "3,000 per day", "5 days", "300 a day"])
def test_a_number_of_another_unit_is_not_proposed(found):
    """3,000 questions a day are not 3,000 a month."""
    assert "write only" not in refused(f"queries_per_month: {found}")


def test_the_configuration_says_the_same_with_the_full_path():
    """`profile:` in bakeoff.yaml is explained as a profile's own file is."""
    values = {"documents": ["docs"], "questions": ["q.csv"], "profile": {"deadline_days": "15 days"}}
    with pytest.raises(ConfigError) as error:
        validate(values)
    assert "'profile.deadline_days': must be a number of days (found '15 days'): write only the number, 15" in str(
        error.value
    )
