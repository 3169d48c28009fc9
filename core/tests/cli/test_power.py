"""`themis power`."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (["--discordant", "0.2"], "626 items that both models answer, right or wrong"),
        (["--spread", "0.5"], "785 items that both models are scored on"),
        (["--baseline", "0.5"], "1,565 items for each of two models that share none"),
    ],
)
def test_power_says_how_many_items_it_takes(themis, arguments, answer):
    done = themis("power", "--difference", "0.05", *arguments)

    assert done.stdout == f"{answer}\n"
    assert "find a difference of 0.05 80% of the time, at 95%" in done.stderr


@pytest.mark.parametrize("spread", [("--spread", "0.01"), ("--discordant", "1")])
def test_as_few_items_as_no_test_can_tell_apart_are_not_enough(themis, spread):
    done = themis("power", "--difference", "0.99", *spread)

    assert done.stdout.startswith("6 items")


def test_power_is_for_programs_too(themis):
    done = themis("power", "--difference", "0.05", "--spread", "0.5", "--json")

    assert json.loads(done.stdout)["items"] == 785


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--difference", "0.1"], "give one of --discordant, --spread and --baseline"),
        (["--difference", "0.3", "--discordant", "0.1"], "models that differ by 0.3 disagree"),
        (["--difference", "0", "--spread", "1"], "no number of items shows a difference of 0"),
    ],
)
def test_power_without_an_answer_is_bad_usage(themis, arguments, message):
    done = themis("power", *arguments)

    assert (done.exit_code, message in done.stderr) == (2, True)
