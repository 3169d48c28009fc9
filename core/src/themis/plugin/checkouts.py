"""The state of a folder in version control: what an editable install was when a run used it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import attrs

__all__ = ["Checkout", "checkout_of"]

_SECONDS = 5
_COMMIT = "# branch.oid "


@attrs.frozen(slots=True)
class Checkout:
    """A git commit, and whether there are changes that it does not hold."""

    commit: str
    dirty: bool


def checkout_of(folder: Path, *, only_below: bool = False) -> Checkout | None:
    """The checkout that `folder` is in; None where git knows of none.

    `only_below`: changes elsewhere in the checkout do not count.
    """
    below = ["--", "."] if only_below else []
    status = _git(folder, "status", "--porcelain=v2", "--branch", *below)
    lines = (status or "").splitlines()
    commit = next((line[len(_COMMIT) :] for line in lines if line.startswith(_COMMIT)), "(initial)")
    if commit == "(initial)":
        return None
    return Checkout(commit, dirty=not all(line.startswith("#") for line in lines))


def _git(folder: Path, *arguments: str) -> str | None:
    # a hook of the user's repository sets GIT_DIR and the like, which would win over the folder
    environment = {name: text for name, text in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 (fixed arguments, no shell)
            ["git", "--no-optional-locks", "-C", str(folder), *arguments],  # noqa: S607 (the user's git)
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=environment,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
