"""Which option of a multiple-choice question a text settles on.

Looked for, in this order; the first kind that is there decides:

1. statements: `the answer is B`, `Answer: (B)`, `B is correct`, `I choose B`, a box around B; the
   last one counts, and `I think B is wrong` is none
2. a line with nothing but a label: `B`, `(B)`, `**B.**`; the last one counts
3. labels that begin lines: `B) Paris`; labels in brackets: `... so (B)`; when all are the same one

The `A` of `A man` and the `I` of `I think` are words: these letters, and small ones, count only
where a sentence, line or bracket ends behind them. `D.C.`, `C++`, `B12` and `A-frame` are no
labels. A statement that names two (`B and C`) names none.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

import attrs
from pydantic import AfterValidator, BeforeValidator

__all__ = ["LABELS", "Choice", "ChoiceLabels", "find_choice", "label_of"]

LABELS = "ABCDEFGHIJ"

_BEFORE = (
    r"(?:[\s*_`\"'\u201c\u2018(\[{$]|\\(?:boxed|fbox|text|textbf|mathrm|mathbf)(?![A-Za-z])){0,12}"
)
_AFTER = r"(?![A-Za-z0-9]|['\u2019][A-Za-z]|[.-][A-Za-z0-9]|[+#])"
_CLOSED = (
    r"(?=\s{0,9}\Z|\s{0,3}\n|\s{0,3}[.,;:!?)\]}*_`\"'\u201d\u2019$\u2013\u2014|/&-]"
    r"|\s{1,3}(?:because|since|as|given|due|which|based|per)\b)"
)
_NOT_REFUTED = (
    r"(?![)\]}*_`\".]{0,4}\s{1,3}(?:(?:is|was|seems|looks)\s{1,3}(?:not|wrong|incorrect|false|"
    r"unlikely)\b|isn['\u2019]t|can(?:no|['\u2019])t))"
)
_LINK = (
    r"(?:\s{1,3}(?:is|was|are|would\sbe|should\sbe|must\sbe|will\sbe)\b|\s{0,3}[:=\uff1a\u2192-])"
)
_NOUN = r"(?:\s{1,3}(?:choice|option|letter))?"
_FILLER = (
    r"(?:\s{1,3}(?:therefore|thus|hence|clearly|definitely|likely|most|indeed|the|option|choice|"
    r"letter|answer|simply|just)\b|\s{0,3}:){0,3}"
)
_ANSWER = rf"\banswer{_NOUN}(?:\s{{1,3}}(?:to|for)\s{{1,3}}(?:this|the)\s{{1,3}}question)?"
_BEST_OPTION = r"\b(?:correct|right|best|appropriate)\s{1,3}(?:choice|option|one|response)"
_OBJECT = r"(?:\s{1,3}(?:the|option|choice|answer|letter)){0,2}"
_INTRODUCTIONS = (
    rf"(?:{_ANSWER}|{_BEST_OPTION})[*_`\s]{{0,4}}{_LINK}?{_FILLER}",
    rf"(?<!not\s)(?<!n't\s)(?<!never\s)\b(?:choose|chose|select|pick|go\swith){_OBJECT}",
    r"\b(?:think|believe|say)(?:\s{1,3}that)?(?:\s{1,3}it(?:'s|\u2019s|\s{1,3}is))?",
    r"\\(?:boxed|fbox)(?![A-Za-z])",
    r"\u7b54\u6848\s{0,3}(?:\u662f|\u4e3a|[:\uff1a])",  # "the answer is", in Chinese
)
_SECOND = r"\s{0,3}(?:\band\b|\bor\b|&|/)\s{0,3}"


def _joined(labels: Any) -> Any:
    if isinstance(labels, (list, tuple)) and all(isinstance(each, str) for each in labels):
        if any(len(each) != 1 for each in labels):
            raise ValueError("labels are one letter or digit each, such as ABCD")
        return "".join(labels)
    return labels


def _distinct(labels: str) -> str:
    if not (labels.isascii() and labels.isalnum()):
        raise ValueError("labels are ASCII letters or digits, such as ABCD")
    if len(set(labels.casefold())) != len(labels):
        raise ValueError("labels must differ, case aside")
    return labels


ChoiceLabels = Annotated[str, BeforeValidator(_joined), AfterValidator(_distinct)]
"""Options' labels in order: `"ABCD"`, or a list of them."""


@attrs.frozen(slots=True)
class Choice:
    """The label, or None and why there is none."""

    label: str | None
    reason: str = ""


def find_choice(text: str, labels: str = LABELS) -> Choice:
    """The label that the text settles on.

    >>> find_choice("A man would say (C), but the answer is **B**.").label
    'B'
    """
    for kind in (_statements, _lines):
        found = kind(text, labels)
        if found:
            return _single(found[-1])
    for pattern in (_line_beginnings(labels), rf"\({_class(labels)}\)"):
        named = {_plain(match["label"], labels) for match in re.finditer(pattern, text)}
        if named:
            return _single(named)
    return Choice(None, f"the output names none of the choices {labels[0]} to {labels[-1]}")


def label_of(text: str, labels: str = LABELS) -> str | None:
    """The label that the whole text is, decoration aside, or None.

    >>> label_of(" **(b)** "), label_of("B) Paris")
    ('B', None)
    """
    found = _lines(text, labels) if len(text.split()) == 1 else []
    return next(iter(found[0])) if found else None


def _single(named: set[str]) -> Choice:
    if len(named) == 1:
        return Choice(next(iter(named)))
    return Choice(None, f"the output names several choices: {', '.join(sorted(named))}")


def _plain(letter: str, labels: str) -> str:
    """A label as `labels` writes it."""
    return letter if letter in labels else letter.swapcase()


def _class(labels: str, name: str = "label") -> str:
    members = "".join(sorted({re.escape(form) for form in labels + labels.swapcase()}))
    return rf"(?P<{name}>[{members}])"


def _label(labels: str, name: str = "label") -> str:
    """A label in a sentence: the letters that are also words only where something ends."""
    firm = "".join(re.escape(letter) for letter in labels if not _may_be_word(letter))
    firmly = rf"(?<=[{firm}])|" if firm else ""
    return rf"{_class(labels, name)}{_AFTER}(?:{firmly}{_CLOSED}){_NOT_REFUTED}"


def _may_be_word(letter: str) -> bool:
    return letter in "AI" or letter.islower()


def _statements(text: str, labels: str) -> list[set[str]]:
    """The labels that each statement names, in order of the statements."""
    introduced = "|".join(f"(?i:{introduction})" for introduction in _INTRODUCTIONS)
    several = rf"(?:{_SECOND}{_BEFORE}{_label(labels, 'second')})?"
    told = re.compile(rf"(?:{introduced}){_BEFORE}{_label(labels)}(?:[)\]}}*_`]{{0,4}}{several})")
    judged = re.compile(
        rf"(?<![A-Za-z0-9]){_class(labels)}[)\]}}*_`\".]{{0,4}}"
        r"\s{1,3}(?i:is|seems|must\sbe)\s{1,3}(?i:the\s{1,3})?"
        r"(?i:only\s{1,3}|most\s{1,3})?(?i:correct|right|best|true|answer)\b"
    )
    found = [(match.start("label"), _named(match, labels)) for match in told.finditer(text)]
    found += [
        (match.start("label"), {_plain(match["label"], labels)})
        for match in judged.finditer(text)
        if not match["label"].islower()
    ]
    return [named for _, named in sorted(found, key=lambda one: one[0])]


def _named(match: re.Match[str], labels: str) -> set[str]:
    letters = [match["label"], match["second"]]
    return {_plain(letter, labels) for letter in letters if letter is not None}


def _lines(text: str, labels: str) -> list[set[str]]:
    """The labels of lines that hold nothing else."""
    alone = re.compile(
        r"^[ \t>#]{0,12}(?i:(?:option|choice)\s{1,3})?"
        rf"{_BEFORE}{_class(labels)}[ \t\r*_`\"'\u201d\u2019)\]}}$.:,;!]{{0,16}}$",
        re.MULTILINE,
    )
    return [{_plain(match["label"], labels)} for match in alone.finditer(text)]


def _line_beginnings(labels: str) -> str:
    return (
        rf"(?m:^)[ \t>#*_`-]{{0,12}}(?i:(?:option|choice)\s{{1,3}})?[(\[]?{_class(labels)}"
        r"(?:[*_`]{0,3}[)\]]|[*_`]{0,3}[.:])[*_`]{0,3}[ \t]"
    )
