"""Bringing texts that mean the same to one form."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from pydantic import Field

from themis.builtins.settings import Settings

__all__ = ["NormalizationSettings", "normalized", "squad_tokens"]

_ARTICLES = re.compile(r"\b(?:a|an|the)\b", re.IGNORECASE)
_MARKS = re.compile(
    r"(?<!\w)-(?=\.?[0-9])|(?<=[0-9])\.(?=[0-9])|(?P<mark>[^\w\s]|_)"  # the first two stay
)
_ASCII_PUNCTUATION = str.maketrans("", "", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


class NormalizationSettings(Settings):
    """Which differences between texts do not count."""

    ignore_case: bool = Field(default=True, description="Fold case (`ß` becomes `ss`).")
    ignore_punctuation: bool = Field(
        default=True,
        description=(
            "Drop punctuation and symbols, except a number's minus and decimal point: `-1,000.5!` "
            "becomes `-1000.5`."
        ),
    )
    ignore_articles: bool = Field(default=True, description="Drop the words a, an and the.")
    unicode_form: Literal["NFC", "NFKC", "none"] = Field(
        default="NFKC",
        description="Unicode normalisation: NFKC also makes full-width letters plain ones.",
    )


def normalized(text: str, settings: NormalizationSettings) -> str:
    """The text in its normal form; runs of white space always become one space.

    >>> normalized("  The Answer: Paris! ", NormalizationSettings())
    'answer paris'
    """
    if settings.unicode_form != "none":
        text = unicodedata.normalize(settings.unicode_form, text)
    if settings.ignore_case:
        text = text.casefold()
    if settings.ignore_punctuation:
        text = _MARKS.sub(_kept, text)
    if settings.ignore_articles:
        text = _ARTICLES.sub(" ", text)
    return " ".join(text.split())


def squad_tokens(text: str, *, articles: bool = False) -> list[str]:
    """The tokens that SQuAD's evaluation compares (Rajpurkar et al. 2016).

    Lower case, without ASCII punctuation and, unless `articles`, without a, an, the; split at white
    space.

    >>> squad_tokens("The cat's hat.")
    ['cats', 'hat']
    """
    plain = text.lower().translate(_ASCII_PUNCTUATION)
    return (plain if articles else _ARTICLES.sub(" ", plain)).split()


def _kept(match: re.Match[str]) -> str:
    """What stays of a mark: combining marks of a script are no punctuation."""
    mark = match["mark"]
    return match[0] if mark is None or unicodedata.category(mark)[0] not in "PS" else ""
