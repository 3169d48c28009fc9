"""Names and texts that are safe in a path, TOML, Python and Markdown, from whatever was typed."""

from __future__ import annotations

import json
import keyword
import re
import sys
import unicodedata

from jinja2 import Environment
from jinja2.ext import Extension
from slugify import slugify

__all__ = [
    "Names",
    "component_name",
    "distribution_name",
    "one_line",
    "package_name",
    "python_string",
    "summary_of",
    "toml_string",
]

_PREFIX = "themis-"
_LONGEST = 40
_TAKEN = {"builtin", "local", "themis", "themis-core", "themis-eval", "themis-framework"}
"""Distribution names with a meaning of their own, or of other projects on the index."""

_SUMMARIES = {
    "backend": "A few partitions of a run at a time, each tried again where it fails.",
    "dataset": "Items from a table of an SQLite database.",
    "engine": "Chat models behind an HTTP API.",
    "extractor": "The text between a pair of tags.",
    "judge": "A judge without a model: right is what contains the reference answer.",
    "metric": "The share of an item's keywords that the answer has.",
    "reducer": "The answer that most candidates gave.",
    "store": "Runs in one file of JSON lines.",
}


class Names(Extension):
    """Makes the functions of this module filters of the template."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        filters = (
            component_name,
            distribution_name,
            one_line,
            package_name,
            python_string,
            summary_of,
            toml_string,
        )
        environment.filters.update({each.__name__: each for each in filters})


def distribution_name(text: str) -> str:
    """A normalised distribution name (PEP 503), `themis-` and at most 40 characters more.

    >>> distribution_name("My--Plugin"), distribution_name("class"), distribution_name("漢字")
    ('themis-my-plugin', 'themis-class', 'themis-han-zi')
    """
    slug = _slug(text, "-", most=len(_PREFIX) + _LONGEST)
    if not slug or slug in _TAKEN:
        slug = f"{slug or 'my'}-plugin"
    return _PREFIX + slug.removeprefix(_PREFIX)[:_LONGEST].strip("-")


def package_name(text: str) -> str:
    """The import package of a distribution: an identifier, no keyword, no module of Python's.

    >>> package_name("My--Plugin")
    'themis_my_plugin'
    """
    name = distribution_name(text).replace("-", "_")
    taken = keyword.iskeyword(name) or name in sys.stdlib_module_names
    return f"{name}_" if taken else name


def component_name(text: str) -> str:
    """A component's name: a letter or digit, then letters, digits and `_`.

    >>> component_name("My--Plugin"), component_name("Themis: class"), component_name('"')
    ('my_plugin', 'class', 'mine')
    """
    slug = _slug(text, "_")
    return slug.removeprefix("themis_") or "mine"


def one_line(text: str) -> str:
    r"""The text on one line, without characters that do not print; never empty.

    >>> one_line(' Dr.  "Bobby"\n\x07Tables ')
    'Dr. "Bobby" Tables'
    """
    kinds = (unicodedata.category(letter)[0] for letter in text)
    shown = (" " if kind in "CZ" else letter for kind, letter in zip(kinds, text, strict=True))
    return " ".join("".join(shown).split()) or "Unnamed"


def toml_string(text: str) -> str:
    r"""The text as a string of TOML, quotes included.

    >>> print(toml_string('a "b" \\ 🎉'))
    "a \"b\" \\ 🎉"
    """
    return json.dumps(one_line(text), ensure_ascii=False)


def python_string(text: str) -> str:
    r"""The text as a string of Python, in the quotes that formatters prefer.

    >>> print(python_string('a "b" \\ 🎉'))
    'a "b" \\ 🎉'
    """
    line = one_line(text)
    if line.count('"') <= line.count("'"):
        return toml_string(line)
    escaped = line.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def summary_of(kind: str) -> str:
    """What the component that the template gives for a kind does."""
    return _SUMMARIES[kind]


def _slug(text: str, separator: str, *, most: int = _LONGEST) -> str:
    slug = slugify(text, max_length=most, separator=separator)
    return re.sub(r"[^a-z0-9]+", separator, slug).strip(separator)
