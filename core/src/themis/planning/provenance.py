"""Where a run was planned, and with what: recorded in its manifest, never part of any key."""

from __future__ import annotations

import platform
import sys
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from operator import attrgetter
from pathlib import Path
from typing import Any

import attrs

from themis import __version__
from themis.plugin.checkouts import checkout_of
from themis.plugin.registration import Distribution

__all__ = ["collect_provenance"]


def collect_provenance(
    distributions: Iterable[Distribution], *, used: Collection[str]
) -> dict[str, Any]:
    """Versions of Themis, Python and the platform; the git commit; every plugin's distribution.

    `distributions` are recorded with version, digest and origin. `used` are the providers of what
    the run is made of, recorded by name: where one of them cannot be installed again as it is, the
    run is not `reproducible`, and `reasons` say why.
    """
    known = {each.project: each for each in distributions}
    with ThreadPoolExecutor(thread_name_prefix="themis-origins") as pool:
        # git is asked about the folder and each editable install: all at once, and kept there
        here = pool.submit(checkout_of, Path.cwd())
        list(pool.map(attrgetter("origin"), known.values()))
    reasons = list(_doubts(each for each in known.values() if each.provider in used))
    checkout = here.result()
    return {
        "themis": __version__,
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": platform.platform(),
        "distributions": {name: _described(known[name]) for name in sorted(known)},
        "used": sorted(name for name, each in known.items() if each.provider in used),
        "reproducible": not reasons,
        "reasons": reasons,
        "git": None if checkout is None else attrs.asdict(checkout),
    }


def _doubts(distributions: Iterable[Distribution]) -> Iterator[str]:
    for each in distributions:
        if doubt := each.origin.doubt:
            yield f"{each.project} {each.version}: {doubt}"


def _described(distribution: Distribution) -> dict[str, Any]:
    return {
        "version": distribution.version,
        "digest": distribution.digest,
        "origin": distribution.origin.to_dict(),
    }
