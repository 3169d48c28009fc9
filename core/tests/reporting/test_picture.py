from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from themis.reporting.picture import leaderboard_picture

SVG = "{http://www.w3.org/2000/svg}"


def row(**figures):
    return {
        "metric_id": "accuracy",
        "model_id": "alpha",
        "mean": 0.5,
        "ci_lower": 0.4,
        "ci_upper": 0.6,
        **figures,
    }


def drawn(rows):
    return ET.fromstring(leaderboard_picture(rows))


def test_a_model_is_a_dot_within_the_line_of_its_interval():
    picture = drawn([row()])

    [dot] = picture.iter(f"{SVG}circle")
    whisker = next(picture.iter(f"{SVG}line"))
    left, right = float(whisker.get("x1")), float(whisker.get("x2"))
    assert left < float(dot.get("cx")) < right
    assert float(dot.get("cx")) == pytest.approx((left + right) / 2, abs=0.1)
    assert dot.get("cy") == whisker.get("y1")


def test_a_model_without_an_interval_is_a_dot_alone():
    picture = drawn([row(ci_lower=None, ci_upper=None)])

    assert len(list(picture.iter(f"{SVG}circle"))) == 1
    assert len(list(picture.iter(f"{SVG}line"))) == 1, "the axis"


def test_a_model_without_a_mean_is_left_out():
    assert leaderboard_picture([row(mean=None)]) == ""


def test_every_metric_has_a_panel_on_its_own_scale():
    rows = [
        row(metric_id="latency", mean=900.0, ci_lower=800.0, ci_upper=1000.0),
        row(),
        row(metric_id="constant", mean=7.0, ci_lower=None, ci_upper=None),
    ]

    picture = drawn(rows)

    places = [float(dot.get("cx")) for dot in picture.iter(f"{SVG}circle")]
    assert places == pytest.approx([places[0]] * 3, abs=0.1)
    width, height = (float(picture.get(name)) for name in ("width", "height"))
    assert all(220 <= place <= width for place in places)
    assert max(float(dot.get("cy")) for dot in picture.iter(f"{SVG}circle")) < height


def test_names_are_escaped_and_cut():
    text = leaderboard_picture([row(model_id="<b>&" + "x" * 100)])

    assert "&lt;b&gt;&amp;xxx" in text
    assert "x" * 40 not in text


def test_the_picture_says_what_it_shows():
    picture = drawn([row()])

    assert picture.get("role") == "img"
    assert picture.findtext(f"{SVG}title") == "Mean and 95 % interval of every model, by metric"
