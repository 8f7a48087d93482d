"""Where a model runs, from its address alone."""

import pytest

from bakeoff.models.reference import host_of, location_of


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://localhost", "here"),
        ("http://localhost:8000/v1", "here"),
        ("http://127.0.0.1:8000/v1", "here"),
        ("http://[::1]:8000/v1", "here"),
        ("http://10.1.2.3:8000/v1", "premises"),
        ("http://gpu-server:8000/v1", "premises"),
        ("http://llm.corp.internal/v1", "premises"),
        ("https://api.example.com/v1", "internet"),
        ("https://8.8.8.8/v1", "internet"),
    ],
)
def test_the_address_tells_where(url, place):
    """This machine, a private network, or the internet."""
    assert location_of(url) == place


def test_the_host_is_told_without_port_and_path():
    """As it should be shown to a reader."""
    assert host_of("https://api.example.com:8443/v1") == "api.example.com"
    assert host_of("org/model") == ""
