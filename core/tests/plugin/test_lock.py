"""What a lock holds, and how what is installed may differ from it."""

from __future__ import annotations

import attrs
import pytest

from themis.errors import PluginError
from themis.plugin.lock import Lock, LockedDistribution
from themis.plugin.origins import Origin
from themis.plugin.registration import Distribution
from themis.plugin.registry import PluginRegistry
from themis.plugin.resolution import LockedComponent, resolve
from themis.plugin.snapshot import InstalledPlugin

INDEX = Origin(kind="index")
CORE = Distribution(name="builtin", version="0.1.0")


def locked(**changes):
    fields = {"name": "acme", "version": "1.2", "origin": INDEX, "digest": "a" * 64}
    return LockedDistribution(**{**fields, **changes})


def installed_core():
    [core] = PluginRegistry(plugins=()).plugins()
    return core


def lock_of(*distributions):
    core = LockedDistribution.of(installed_core().distribution)
    return Lock(core=core, distributions=distributions)


def test_a_lock_holds_each_component_once_with_every_reference_to_it(snapshot_of):
    [one] = snapshot_of("acme/engine:quill@1.4").registrations
    lock = Lock.of(CORE, [("quill", one), ("acme/quill@1", one)])
    assert lock.components == (
        LockedComponent(
            kind="engine",
            name="quill",
            version="1.4",
            provider="acme",
            refs=("acme/quill@1", "quill"),
        ),
    )
    assert [each.name for each in lock.distributions] == ["acme"]
    assert lock.core.name == "themis-framework"


def test_what_was_locked_for_a_reference_wins_over_a_higher_version_of_another(snapshot_of):
    snapshot = snapshot_of("acme/engine:quill@1.4", "apex/engine:quill@2.0")
    acme, apex = snapshot.registrations
    lock = Lock.of(CORE, [("quill", acme), ("apex/quill", apex)])
    found = resolve(snapshot, "engine", "Quill", lock=lock.components)
    assert (str(found.chosen), found.rule) == ("acme/quill@1.4", "lock")


@pytest.mark.parametrize(
    ("now", "difference"),
    [
        ({}, None),
        ({"origin": Origin(kind="local", url="/x.whl")}, None),
        ({"version": "1.3"}, "acme: version 1.2 is locked, 1.3 is here"),
        (
            {"digest": "b" * 64},
            f"acme 1.2: digest {'a' * 16} is locked, digest {'b' * 16} is here",
        ),
        (
            {"digest": None, "origin": Origin(kind="editable", url="/src", commit="c0ffee")},
            f"acme 1.2: digest {'a' * 16} is locked, editable /src at c0ffee is here",
        ),
    ],
)
def test_drift_is_another_version_or_other_files_wherever_they_came_from(now, difference):
    assert locked().drift(locked(**now)) == difference


def test_an_editable_install_is_known_by_its_commit_and_not_by_its_folder():
    origin = Origin(kind="editable", url="/src", commit="c0ffee")
    before = locked(digest=None, origin=origin)
    assert before.drift(locked(digest=None, origin=attrs.evolve(origin, url="/home"))) is None
    assert before.drift(locked(digest=None, origin=attrs.evolve(origin, dirty=True))) == (
        "acme 1.2: editable /src at c0ffee is locked, editable /src at c0ffee, changed is here"
    )


def test_a_missing_distribution_says_what_to_install():
    assert lock_of(locked()).drift([installed_core()]) == [
        "acme 1.2 is locked and not installed; install: acme==1.2"
    ]


def test_a_blocked_distribution_is_a_difference():
    blocked = InstalledPlugin(
        distribution=Distribution(name="acme", version="1.2"),
        entry_point="a",
        target="a",
        state="blocked",
        reason="[plugins] block lists it",
        fix="take acme off the list",
    )
    assert lock_of(locked()).drift([installed_core(), blocked]) == [
        "acme 1.2 is locked and is blocked here ([plugins] block lists it); take acme off the list"
    ]


def test_every_difference_is_listed(snapshot_of):
    lock = attrs.evolve(lock_of(locked(), locked(name="other")), api="0.9")
    assert len(lock.drift([installed_core()])) == 3
    assert lock.drift([])[0] == "core API: 0.9 is locked, 1.0 is here"


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        (INDEX, "acme==1.2"),
        (
            Origin(kind="vcs", url="git+https://x/r", subdirectory="sub", commit="c0ffee"),
            "acme @ git+https://x/r@c0ffee#subdirectory=sub",
        ),
        (Origin(kind="archive", url="https://x/a.whl"), "acme @ https://x/a.whl"),
        (Origin(kind="local", url="/x/a.whl"), "acme==1.2  # local /x/a.whl"),
        (
            Origin(kind="editable", url="/src", commit="c0ffee"),
            "# -e /src  # acme==1.2, at c0ffee",
        ),
        (Origin(kind="unknown"), "acme==1.2  # unknown"),
    ],
)
def test_a_distribution_is_a_line_of_requirements(origin, line):
    assert locked(origin=origin).requirement() == line


def test_a_lock_names_what_cannot_be_installed_elsewhere():
    doubtful = lock_of(locked(origin=Origin(kind="editable", url="/src")))
    assert doubtful.doubts()[-1] == (
        "acme 1.2: it is an editable install of /src, which is no git checkout"
    )


def test_a_registry_with_a_lock_refuses_what_it_does_not_hold():
    registry = PluginRegistry(plugins=(), lock=lock_of())
    with pytest.raises(PluginError) as caught:
        registry.choose("metric", "exact_match").component()
    assert caught.value.message == (
        "metric 'exact_match' is not in the lock and would be builtin/exact_match@1.0.0; "
        "lock it with: themis lock FILE"
    )
    assert registry.explain("metric", "exact_match").rule == "built-in"
