"""Where a model answers, told from its name alone."""

import pytest

from bakeoff.models.reference import host_of, location_of


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ("HuggingFaceTB/SmolLM2-135M-Instruct", "here"),
        ("my.module.generator", "here"),
        ("openai:http://localhost:8000/v1#m", "here"),
        ("openai:http://127.0.0.1:8000/v1#m", "here"),
        ("openai:http://[::1]:8000/v1#m", "here"),
        ("openai:http://10.1.2.3:8000/v1#m", "premises"),
        ("openai:http://gpu-server:8000/v1#m", "premises"),
        ("openai:http://llm.corp.internal/v1#m", "premises"),
        ("openai:https://api.example.com/v1#m", "internet"),
        ("openai:https://8.8.8.8/v1#m", "internet"),
    ],
)
def test_the_address_tells_where(model, place):
    """This machine, a private network, or the internet."""
    assert location_of(model) == place


def test_the_host_is_told_without_port_and_path():
    """As a reader should see it."""
    assert host_of("openai:https://api.example.com:8443/v1#m") == "api.example.com"
    assert host_of("org/model") == ""
