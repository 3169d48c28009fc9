from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from themis.reporting.config_report_markdown import render_markdown
from themis.reporting.config_report_tree import build_report
from themis.specs import BenchmarkSpec, ProjectSpec


def cells_of(markdown: str) -> list[str]:
    """The table cells as a reader of the rendered page sees them."""
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    return [
        "".join(child.content for child in token.children or ())
        for token in tokens
        if token.type == "inline"
    ]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=30))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    report = build_report({"note": [text]}, entrypoint=None, full=False)
    assert json.dumps([text], ensure_ascii=False) in cells_of(render_markdown(report))


@given(st.text("ab`|\\*_[]<>&~$#!-", min_size=1, max_size=12))
def test_markup_in_a_name_stays_text(name: str) -> None:
    report = build_report({name: 1}, entrypoint=None, full=False)
    assert name in cells_of(render_markdown(report))


def test_each_spec_has_a_heading_and_a_table(benchmark: BenchmarkSpec) -> None:
    text = render_markdown(build_report(benchmark, entrypoint=None, full=False))
    assert text.startswith("# Configuration report\n\n## BenchmarkSpec\n\nA whole benchmark")
    assert "\n## `models[0]`: ModelSpec\n" in text
    assert "| `num_samples` | `1` | `1` | `int` | Candidates per trial. |" in text
    assert "| `models` | see models\\[0\\] | none |" in text


def test_a_default_that_is_a_spec_is_named() -> None:
    text = render_markdown(build_report(ProjectSpec(), entrypoint=None, full=False))
    assert "| `storage` | see storage | `SqliteBlobStorageSpec()` |" in text


def test_full_adds_a_column_and_the_hash(benchmark: BenchmarkSpec) -> None:
    text = render_markdown(build_report(benchmark, entrypoint=None, full=True))
    assert "| defined at | constraints |" in text
    assert f"Hash `{benchmark.canonical_hash}`." in text
