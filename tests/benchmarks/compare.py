"""The same benchmark in other frameworks, each in an environment of its own under build/compared.

What cannot be installed or run has the reason in its column.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from rows import HERE, Row, Sizes, program

__all__ = ["beside"]

_ENVIRONMENTS = HERE.parents[1] / "build" / "compared"
_FRAMEWORKS = {"inspect-ai": "with_inspect_ai.py", "lm-eval": "with_lm_eval.py"}


def beside(row: Row, sizes: Sizes) -> Row:
    """The row of CPU a sample, with what the others take for N / 10 samples."""
    trials = max(200, sizes.n // 10)
    found = {name: _cpu_a_sample(name, file, trials) for name, file in _FRAMEWORKS.items()}
    return row._replace(beside=found)


def _cpu_a_sample(name: str, file: str, trials: int) -> float | str:
    """Microseconds of CPU, or why there is no figure."""
    os.environ |= {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
    try:
        python = _installed(name)
        figures = program(f"compared/{file}", trials, 0.0, 32, python=python)
    except (subprocess.CalledProcessError, OSError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        return f"not measured: {said[-1] if said else type(error).__name__}"
    return 1e6 * figures["cpu"] / trials


def _installed(name: str) -> str:
    """The Python of the framework's environment, made on first use."""
    python = _ENVIRONMENTS / name / "bin" / "python"
    if not python.exists():
        uv = str(Path(sys.executable).with_name("uv"))
        folder = str(_ENVIRONMENTS / name)
        for words in (
            [uv, "venv", "--quiet", folder],
            [uv, "pip", "install", "--quiet", "--python", str(python), name],
        ):
            subprocess.run(words, check=True, capture_output=True, text=True)
    return str(python)
