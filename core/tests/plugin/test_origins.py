"""Where a distribution came from, as installers record it."""

from __future__ import annotations

import subprocess

import pytest

from themis.plugin.configuration import PluginConfig
from themis.plugin.discovery import discover
from themis.plugin.origins import Origin


def origin(name="good-one"):
    plugins = discover(PluginConfig())
    [found] = [plugin for plugin in plugins if plugin.distribution.name == name]
    return found.distribution.origin


def git(folder, *arguments):
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    """A git checkout with a project in a subfolder."""
    folder = tmp_path / "a checkout" / "plug"
    folder.mkdir(parents=True)
    (folder / "plug.py").write_text("x = 1\n")
    git(folder, "init", "-q", "..")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def editable(site, folder):
    site.install("good-one")
    site.record("good-one", direct_url={"url": folder.as_uri(), "dir_info": {"editable": True}})
    return origin()


@pytest.mark.parametrize(
    ("direct_url", "expected"),
    [
        (None, Origin(kind="index")),
        (
            {
                "url": "https://user:pw@git.example/x",
                "vcs_info": {"vcs": "git", "commit_id": "c0ffee"},
            },
            Origin(kind="vcs", url="git+https://[redacted]@git.example/x", commit="c0ffee"),
        ),
        (
            {"url": "https://files.example/x-1.whl", "archive_info": {}},
            Origin(kind="archive", url="https://files.example/x-1.whl"),
        ),
        (
            {"url": "file:///a%20b/x-1.whl", "archive_info": {}},
            Origin(kind="local", url="/a b/x-1.whl"),
        ),
        ({"url": "file:///src/x", "dir_info": {}}, Origin(kind="local", url="/src/x")),
        ({"dir_info": {}}, Origin(kind="unknown")),
        (["no table"], Origin(kind="unknown")),
    ],
)
def test_the_origin_is_what_direct_url_says(site, direct_url, expected):
    site.install("good-one")
    site.record("good-one", direct_url=direct_url)
    assert origin() == expected


def test_without_a_record_of_files_the_origin_is_unknown(site):
    site.install("good-one")
    assert origin().doubt == "how it was installed cannot be told"


def test_an_editable_install_has_its_checkouts_commit(site, checkout):
    found = editable(site, checkout)
    assert (found.kind, found.url, found.dirty) == ("editable", str(checkout), False)
    assert len(found.commit) == 40
    assert found.doubt is None


def test_an_uncommitted_change_makes_an_editable_install_dirty(site, checkout):
    (checkout / "new.py").write_text("")
    assert editable(site, checkout).doubt == (
        f"it is an editable install of {checkout}, which has uncommitted changes"
    )


def test_a_change_beside_the_project_is_none_of_its_own(site, checkout):
    (checkout.parent / "elsewhere.py").write_text("")
    assert not editable(site, checkout).dirty


def test_a_hooks_git_variables_do_not_mislead(site, checkout, monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    assert editable(site, checkout).commit


def test_an_editable_install_outside_of_git_is_in_doubt(site, tmp_path):
    assert editable(site, tmp_path).doubt == (
        f"it is an editable install of {tmp_path}, which is no git checkout"
    )


def test_an_origin_survives_being_written_and_read():
    found = Origin(kind="editable", url="/x", commit="c", dirty=True)
    assert Origin.from_dict(found.to_dict()) == found
    assert Origin(kind="index").to_dict() == {"kind": "index"}
