"""What is printed for programs."""

from __future__ import annotations

import json

from themis.cli.output import print_json, printable, terminal_width


def test_a_lone_surrogate_is_printed_as_its_escape(capsys):
    print_json({"said": ["a\ud800b", "é"], "tokens": 3})
    printed = json.loads(capsys.readouterr().out)
    assert printed == {"said": ["a\\ud800b", "é"], "tokens": 3}


def test_only_a_terminal_has_a_width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "123")
    assert terminal_width() is None

    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert terminal_width() == 123


def test_text_without_surrogates_is_printed_as_it_is():
    assert printable("naïve 四") == "naïve 四"
