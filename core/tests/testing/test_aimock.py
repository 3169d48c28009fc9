from __future__ import annotations

import pytest

from themis.testing.aimock import AimockServer, AimockUnavailableError


def test_without_node_the_reason_is_named(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(AimockUnavailableError) as raised:
        AimockServer([]).start()
    assert str(raised.value) == (
        "@copilotkit/aimock needs Node (node and npm), which is not installed here"
    )


def test_a_package_that_cannot_be_installed_is_named_with_npms_reason(monkeypatch, tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in {"node": "exit 0", "npm": "echo no registry >&2; exit 1"}.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/bin:/usr/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(AimockUnavailableError, match=r"npm could not install .*: no registry"):
        AimockServer([]).start()


def test_stopping_what_was_never_started_is_fine():
    AimockServer([]).stop()
