"""Inline calls with a deadline."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from themis.runtime.inline import InlineDeadline, InlineTimeoutError


def test_a_call_that_sleeps_too_long_is_interrupted():
    deadline = InlineDeadline(0.05)
    try:
        with pytest.raises(InlineTimeoutError):
            deadline.call(time.sleep, 30)
    finally:
        deadline.close()


def test_a_busy_loop_is_interrupted():
    def spin():
        while True:
            pass

    deadline = InlineDeadline(0.05)
    try:
        with pytest.raises(InlineTimeoutError):
            deadline.call(spin)
    finally:
        deadline.close()


def test_the_signals_handler_is_put_back():
    deadline = InlineDeadline(1.0)
    assert deadline.call(lambda a, b: a + b, 1, 2) == 3
    deadline.close()
    deadline.close()
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


def test_off_the_main_thread_a_deadline_needs_a_thread():
    seen = []
    thread = threading.Thread(target=lambda: seen.append(InlineDeadline(1.0).needs_thread))
    thread.start()
    thread.join()
    assert seen == [True]


def test_no_deadline_needs_nothing():
    deadline = InlineDeadline(None)
    assert not deadline.armed
    assert not deadline.needs_thread
    assert deadline.call(int, "3") == 3


def test_a_component_that_catches_every_error_is_interrupted_all_the_same():
    def stubborn():
        caught = 0
        while True:
            try:
                time.sleep(30)
            except BaseException:
                caught += 1
                if caught == 2:
                    raise

    deadline = InlineDeadline(0.05)
    try:
        with pytest.raises(InlineTimeoutError):
            deadline.call(stubborn)
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    finally:
        deadline.close()
