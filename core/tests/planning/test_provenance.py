"""What a manifest says of where a run came from."""

from __future__ import annotations

import subprocess

from themis.planning.provenance import collect_provenance
from themis.plugin.registration import Distribution
from themis.plugin.registry import PluginRegistry


def distribution(name="good-one"):
    found = {each.provider: each.distribution for each in PluginRegistry().plugins()}
    return found[name]


def test_a_distribution_is_recorded_with_version_digest_and_origin(site):
    site.install("good-one")
    site.record("good-one")
    recorded = collect_provenance([distribution()], used={"good-one"})
    assert recorded["distributions"] == {
        "good-one": {
            "version": "0.3.1",
            "digest": distribution().digest,
            "origin": {"kind": "index"},
        }
    }
    assert (recorded["reproducible"], recorded["reasons"]) == (True, [])


def test_the_builtins_are_recorded_as_the_distribution_they_come_with():
    recorded = collect_provenance([distribution("builtin")], used={"builtin"})
    assert list(recorded["distributions"]) == ["themis-framework"]


def test_a_run_from_an_editable_plugin_that_nobody_can_tell_is_not_reproducible(site, tmp_path):
    site.install("good-one")
    site.record("good-one", direct_url={"url": tmp_path.as_uri(), "dir_info": {"editable": True}})
    recorded = collect_provenance([distribution()], used={"good-one"})
    assert not recorded["reproducible"]
    assert recorded["reasons"] == [
        f"good-one 0.3.1: it is an editable install of {tmp_path}, which is no git checkout"
    ]


def test_a_doubtful_plugin_that_the_run_does_not_use_is_no_reason():
    recorded = collect_provenance([Distribution(name="other", version="1")], used={"good-one"})
    assert recorded["distributions"]["other"]["origin"] == {"kind": "unknown"}
    assert recorded["reproducible"]


def test_the_commit_of_the_working_folder_is_recorded(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert collect_provenance([], used=())["git"] is None
    subprocess.run(["git", "init", "-q"], check=True)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    (tmp_path / "new").touch()
    assert collect_provenance([], used=())["git"]["dirty"] is True
