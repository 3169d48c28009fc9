from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from multidict import CIMultiDict
from themis_openai.retry_after import retry_after


def wait(**headers):
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return retry_after(CIMultiDict(named))


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("7", 7), ("1.5", 1.5), (" 3 ", 3)])
def test_retry_after_may_be_a_number_of_seconds(text, seconds):
    assert wait(Retry_After=text) == seconds


def test_retry_after_may_be_a_date():
    assert wait(Retry_After=formatdate(time.time() + 60, usegmt=True)) == pytest.approx(60, abs=2)


def test_a_date_in_the_past_means_now():
    assert wait(Retry_After="Wed, 21 Oct 2015 07:28:00 GMT") == 0


@pytest.mark.parametrize("text", ["soon", "-3", "nan", "inf", "", "Wed, 99 Foo 2015"])
def test_what_cannot_be_read_is_no_wish(text):
    assert wait(Retry_After=text) is None


def test_milliseconds_are_finer_and_win():
    assert wait(Retry_After_Ms="250", Retry_After="1") == 0.25


@pytest.mark.parametrize(
    ("text", "seconds"), [("20ms", 0.02), ("1s", 1), ("6m0s", 360), ("1h2m3.5s", 3723.5), ("9", 9)]
)
def test_a_reset_is_a_duration(text, seconds):
    assert wait(X_Ratelimit_Reset_Requests=text) == pytest.approx(seconds)


def test_the_reset_of_what_is_used_up_counts():
    assert (
        wait(
            x_ratelimit_reset_requests="9s",
            x_ratelimit_remaining_requests="5",
            x_ratelimit_reset_tokens="2s",
            x_ratelimit_remaining_tokens="0",
        )
        == 2
    )


def test_when_nothing_is_said_to_be_used_up_the_later_reset_counts():
    assert wait(x_ratelimit_reset_requests="9s", x_ratelimit_reset_tokens="2s") == 9


@pytest.mark.parametrize("scale", [1, 1000])
def test_a_reset_may_be_a_unix_time(scale):
    moment = str(int((time.time() + 30) * scale))
    assert wait(X_Ratelimit_Reset=moment) == pytest.approx(30, abs=2)


def test_no_header_is_no_wish():
    assert wait() is None
