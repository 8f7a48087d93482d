"""Words that word-piece models cannot take whole."""

import re

from bakeoff.models.embed import HashEmbedder
from bakeoff.models.long_words import PIECE, with_breaks
from bakeoff.models.providers.asking import estimated_tokens


def test_long_words_are_broken_and_nothing_is_lost() -> None:
    """Pieces of at most 40 letters; ordinary words and blanks stay."""
    text = f"The id {'3f78' * 30} of the Donaudampfschifffahrtsgesellschaft."
    broken = with_breaks(text)
    assert broken.replace(" ", "") == text.replace(" ", "")
    assert max(map(len, re.findall(r"\w+", broken))) == PIECE
    assert "Donaudampfschifffahrtsgesellschaft" in broken
    assert with_breaks("Nothing to do here.") == "Nothing to do here."


def test_thai_is_broken_between_words() -> None:
    """Whatever its length: a model of English knows none of its words as a whole."""
    assert with_breaks("รับประกันสามปี") == "รับ ประกัน สาม ปี"


def test_letters_of_scripts_without_blanks_count_as_tokens() -> None:
    """By the embedder without a model, and in estimates for models behind a server."""
    assert HashEmbedder().count_tokens("保証期間は3年。") == 8
    assert HashEmbedder().count_tokens("a" * 100) == 3
    assert HashEmbedder().count_tokens("The lid.") == 3
    assert estimated_tokens("保証期間は3年") == 7
    assert estimated_tokens("nine char") == 3
