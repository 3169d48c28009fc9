from __future__ import annotations

from html.parser import HTMLParser

from themis.reporting.summary import render_summary, summarise

VOID = {"meta"}


class Balanced(HTMLParser):
    """Fails on an element that is closed out of order; collects what would be loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self.loaded += [value for name, value in attrs if name in {"src", "href"}]

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page(result) -> str:
    return render_summary(summarise(result), "html")


def test_the_page_is_whole_and_loads_nothing(result_of, timed_out):
    parser = Balanced()
    parser.feed(page(result_of(lambda cell: timed_out if cell.model == "beta" else 0.5)))

    assert (parser.open, parser.loaded) == ([], [])


def test_the_page_forbids_scripts(result_of):
    html = page(result_of())

    assert "content=\"default-src 'none'; style-src 'unsafe-inline'\"" in html
    assert "<script" not in html


def test_the_page_has_one_picture_and_every_section(result_of):
    html = page(result_of())

    assert html.count("<svg") == 1
    for title in ("Leaderboard", "Paired comparison", "Provenance"):
        assert f"<h2>{title}</h2>" in html


def test_a_run_without_scores_has_a_page_without_a_picture(result_of):
    html = page(result_of(lambda cell: None))

    assert "<svg" not in html
    assert "6 not done yet" in html
