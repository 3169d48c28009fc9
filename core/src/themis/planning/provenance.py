"""Where a run was planned: recorded in its manifest, never part of any key."""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from themis import __version__

__all__ = ["collect_provenance"]

_GIT_SECONDS = 5


def collect_provenance(distributions: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Versions of Themis, Python, the platform and the plugins' distributions; the git commit."""
    return {
        "themis": __version__,
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": platform.platform(),
        "distributions": dict(sorted(distributions)),
        "git": _git_state(Path.cwd()),
    }


def _git_state(folder: Path) -> dict[str, Any] | None:
    """The commit of the working folder and whether it has changes; None outside a checkout."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return None
    return {"commit": commit, "dirty": bool(_git(folder, "status", "--porcelain"))}


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 (fixed arguments, no shell)
            ["git", "-C", str(folder), *arguments],  # noqa: S607 (the user's git)
            capture_output=True,
            text=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
