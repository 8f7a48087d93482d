"""Where a model runs, from its address alone."""

import pytest

from bakeoff.models.reference import host_of, location_of, shown_address


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


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://llm.example:8443/v1", "https://llm.example:8443/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
        ("https://user:SECRET@h/v1", "https://h/v1"),
        ("https://user:SEC/RE@T?x#y@h/v1", "https://h/v1"),
        ("https://h/v1?key=SECRET", "https://h/v1"),
        ("https://h/v1#SECRET", "https://h/v1"),
        ("https://user:SECRET", "https://user"),
        ("localhost:8000/v1", "localhost:8000/v1"),
        ("user:SECRET@h.example", "h.example"),
        ("sk-SECRET", ""),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_secrets(address, shown):
    """User, password, query and fragment are left out, and what stands where a port should."""
    assert shown_address(address) == shown
