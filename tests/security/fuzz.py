"""Fuzzing guided by coverage, target after target: `make fuzz`.

Each target has a process of its own, as libFuzzer ends it, and a share of the seconds. What it
finds is left in `build/fuzz`, and the command fails.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from seeds import SEEDS, WORDS

FOLDER = Path(__file__).parents[2] / "build" / "fuzz"


def main() -> int:
    """Fuzz every target, or (`--target`) one of them, in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120, help="for all targets together")
    parser.add_argument("--target", help="only this one")
    asked = parser.parse_args()
    if find_spec("atheris") is None:
        version = ".".join(map(str, sys.version_info[:2]))
        print(f"atheris is not installed: it has no wheel for Python {version} on {sys.platform}")
        return 1
    if asked.target:
        return _fuzz(asked.target, asked.seconds)
    share = max(1, asked.seconds // len(SEEDS))
    return max([_apart(name, share) for name in sorted(SEEDS)])


def _apart(name: str, seconds: int) -> int:
    command = [sys.executable, __file__, "--target", name, "--seconds", str(seconds)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    lines = done.stderr.splitlines()
    tried = next((line for line in reversed(lines) if line.startswith("Done ")), "")
    print(f"{name:14} {'ok' if done.returncode == 0 else 'FAILED':6} {tried}", flush=True)
    if done.returncode:
        print("\n".join((done.stdout.splitlines() + lines)[-40:]), flush=True)
    return int(done.returncode != 0)


def _fuzz(name: str, seconds: int) -> int:
    import atheris

    with atheris.instrument_imports(include=["themis", "yaml", "tomllib", "packaging"]):
        from targets import TARGETS

    corpus = FOLDER / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = FOLDER / "words.txt"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS))
    limits = [f"-max_total_time={seconds}", "-timeout=20", "-max_len=4096", "-rss_limit_mb=2048"]
    places = [f"-artifact_prefix={FOLDER / name}-", f"-dict={words}", str(corpus)]
    atheris.Setup([sys.argv[0], *limits, *places], TARGETS[name])
    atheris.Fuzz()
    return 0


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    sys.exit(main())
