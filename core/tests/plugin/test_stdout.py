"""What is printed while plugins are imported goes to stderr, and nothing after that."""

from __future__ import annotations

import sys
import threading

import pytest

from themis.errors import PluginError
from themis.plugin.loading import load_target
from themis.plugin.stdout import stdout_to_stderr


def test_stdout_is_back_after_an_error(capsys):
    def odd():
        print("within")
        raise ValueError("odd")

    with pytest.raises(ValueError, match="odd"), stdout_to_stderr():
        odd()
    print("after")
    assert capsys.readouterr() == ("after\n", "within\n")


def test_threads_that_overlap_leave_stdout_as_it_was():
    stdout, inside, leave = sys.stdout, threading.Event(), threading.Event()

    def other():
        with stdout_to_stderr():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with stdout_to_stderr():
        thread.start()
        inside.wait(10)
    assert sys.stdout is sys.stderr
    leave.set()
    thread.join()
    assert sys.stdout is stdout


def test_what_an_implementation_prints_when_it_is_imported_goes_to_stderr(site, capsys):
    module = site.install("talking-one", "print('imported')\nclass Talking: pass\n")
    assert load_target(f"{module}:Talking", what="it").__name__ == "Talking"
    assert capsys.readouterr() == ("", "imported\n")


def test_what_an_implementation_raises_is_an_error_whatever_it_is(site):
    module = site.install("panicking-one", "class Panic(BaseException): pass\nraise Panic('boom')")
    with pytest.raises(PluginError, match="cannot be imported: Panic: boom"):
        load_target(f"{module}:Talking", what="it")
