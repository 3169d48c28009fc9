from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import warnings

import pytest
import structlog

from themis.runtime.logging import configure_logging, get_logger
from themis.runtime.masking import Masks

KEY = "Pl4nted5ecretThatNobodySees0123456789"


@pytest.fixture
def restored_logging():
    """Put the process's logging back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level
    logging.getLogger("themis").setLevel(logging.NOTSET)


def test_a_library_s_user_sees_warnings_on_stderr_and_nothing_on_stdout():
    program = """
from themis.runtime.logging import get_logger
get_logger().info("not shown")
get_logger().warning("an observer raised", observer="mine")
import structlog
assert not structlog.is_configured()
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == ""
    assert done.stderr == "an observer raised\n"


@pytest.mark.usefixtures("restored_logging")
def test_a_program_s_own_structlog_configuration_is_followed():
    seen = []

    def take(logger, method, event):
        seen.append(event)
        raise structlog.DropEvent

    structlog.configure(processors=[take])
    get_logger().warning("hello", run="r1")

    assert seen == [{"event": "hello", "run": "r1"}]


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.usefixtures("restored_logging")
def test_what_components_log_is_shown_without_the_secrets_that_the_run_knows(monkeypatch, as_json):
    class Client:
        def __repr__(self):
            return f"Client({KEY!r})"

    monkeypatch.setenv("LEAK_API_KEY", KEY)
    out = io.StringIO()
    configure_logging(as_json=as_json, stream=out)
    logging.getLogger("themis").error("log %s", KEY)
    logging.getLogger("library").warning(f"key={KEY}")
    get_logger().warning("of ours", headers={"authorization": [KEY]}, client=Client())
    try:
        raise ValueError(KEY)
    except ValueError:
        logging.getLogger("library").exception("refused")
    assert out.getvalue().count("[redacted]") >= 5
    assert "of ours" in out.getvalue()
    assert KEY not in out.getvalue()


@pytest.mark.usefixtures("restored_logging")
def test_a_warning_is_a_log_line_too_and_without_secrets(monkeypatch):
    monkeypatch.setenv("LEAK_API_KEY", KEY)
    out = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        configure_logging(as_json=True, stream=out)
        warnings.warn(f"refused: {KEY}", stacklevel=1)
    [line] = map(json.loads, out.getvalue().splitlines())
    assert line["level"] == "warning"
    assert "UserWarning: refused: [redacted]" in line["event"]


@pytest.mark.usefixtures("restored_logging")
def test_the_secrets_of_one_run_can_be_told_by_whoever_starts_it():
    out = io.StringIO()
    told = 'pass"word\\of mine'
    configure_logging(as_json=True, stream=out, masks=Masks.of({"A": told}))
    logging.getLogger("themis").error("log %s", told)
    assert json.loads(out.getvalue())["event"] == "log [redacted]"


@pytest.mark.usefixtures("restored_logging")
def test_json_logs_are_one_object_a_line():
    out = io.StringIO()
    configure_logging(as_json=True, stream=out)
    get_logger().info("run started", run="r1")

    (line,) = out.getvalue().splitlines()
    logged = json.loads(line)
    assert (logged["event"], logged["run"], logged["level"]) == ("run started", "r1", "info")
    assert logged["timestamp"].endswith("Z")


@pytest.mark.usefixtures("restored_logging")
def test_readable_logs_have_no_colours_where_there_is_no_terminal():
    out = io.StringIO()
    configure_logging(stream=out)
    get_logger().warning("slow", provider="openai")

    assert "slow" in out.getvalue()
    assert "provider=openai" in out.getvalue()
    assert "\x1b" not in out.getvalue()


@pytest.mark.usefixtures("restored_logging")
def test_other_libraries_are_quiet_below_warnings():
    out = io.StringIO()
    configure_logging(as_json=True, level="debug", stream=out)
    logging.getLogger("aiohttp").info("connected")
    logging.getLogger("aiohttp").warning("unclosed")
    get_logger().debug("detail")

    assert [json.loads(line)["event"] for line in out.getvalue().splitlines()] == [
        "unclosed",
        "detail",
    ]
