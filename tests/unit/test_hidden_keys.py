"""An API key is in no text that comes from a server, however its characters are written and wherever it is split."""

import html
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.models.load import load_generator
from bakeoff.models.providers.hidden_keys import HIDDEN, stream_without_key, without_key
from bakeoff.records import Completion, GenerationSettings, Usage
from tests.fake_api import FakeApi, Fault
from tests.unit.test_api_client import PROMPT, model


def spellings(one: str) -> list[str]:
    code = ord(one)
    escapes = [f"\\u{code:04x}", f"\\u{code:04X}", f"&#{code};", f"&#x{code:X};", f"%{code:02X}"]
    return [one, *escapes, html.escape(one), *([f"\\{one}"] if one in '"/\\' else [])]


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_key_is_found_in_any_mixture_of_spellings(data: st.DataObject) -> None:
    """Servers differ in which characters they escape: .NET writes a plus as \\u002B, PHP a slash as \\/."""
    key = data.draw(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=40))
    before = data.draw(st.text("ab \\n{", max_size=5))
    written = "".join(data.draw(st.sampled_from(spellings(one))) for one in key)
    assert HIDDEN in without_key(f"{before}{written} after", key)
    assert key not in json.dumps(without_key(json.loads(json.dumps(f"{before}{written} after")), key))


@pytest.mark.parametrize("written", ["{}", "{}.", "a {}, b", "{}{}"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_a_key_that_is_split_over_pieces_of_a_stream_is_hidden(written: str, size: int) -> None:
    """In the pieces and in the whole answer; all else comes through, and a key that breaks off, too."""
    key = "abcab+c/ab=="
    text = written.replace("{}", key) + " The end abcab"
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    *shown, whole = stream_without_key(iter([*pieces, Completion(text=text, usage=Usage())]), key)
    assert "".join(map(str, shown)) == text.replace(key, HIDDEN)
    assert isinstance(whole, Completion) and whole.text == text.replace(key, HIDDEN)
    words = [*stream_without_key(iter(["one", "two"]), key)]
    assert words == ["one", "two"]  # nothing waits that cannot begin a key


@pytest.mark.parametrize("api_name", ["openai", "ollama", "anthropic", "google"])
@pytest.mark.parametrize("escaped", ["+", "/", "="])
def test_a_model_that_says_the_key_is_not_heard(api_name: str, escaped: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole and streamed, word by word, with replies written as .NET or PHP would."""
    key = "abcDEF12/34+ghIJ=="
    monkeypatch.setenv("FAKE_KEY", key)
    with FakeApi(reply=lambda _: f"It is {key[:9]}{key[9:]}, you see.", key=key) as api:
        api.escapes = escaped
        generator = load_generator(model(api, api=api_name, key_env="FAKE_KEY"))
        (one,) = generator.generate([PROMPT], GenerationSettings())
        *pieces, whole = generator.stream(PROMPT, GenerationSettings())
    assert one.text == "".join(map(str, pieces)) == f"It is {HIDDEN}, you see."
    assert isinstance(whole, Completion) and whole.text == one.text


def test_an_error_that_is_cut_within_the_key_shows_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "abcDEF12/34+ghIJKL56mnop=="
    monkeypatch.setenv("FAKE_KEY", key)
    for n in range(180, 320, 7):
        said = json.dumps({"error": {"message": "x" * n + f" Incorrect key: {key}"}}).replace("+", r"\u002B")
        with FakeApi(fault=Fault(status=401, body=said)) as api:
            generator = load_generator(model(api, key_env="FAKE_KEY", retries=0))
            (one,) = generator.generate([PROMPT], GenerationSettings())
        assert key[:6] not in (one.error or "abcDEF")
