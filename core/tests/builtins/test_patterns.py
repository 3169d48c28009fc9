from __future__ import annotations

import subprocess
import sys


def test_a_time_limit_without_the_package_names_the_extra():
    code = (
        "import sys; sys.modules['regex'] = None\n"
        "from themis.builtins.patterns import PatternSettings, compiled\n"
        "compiled('a', PatternSettings()); compiled('a', PatternSettings(timeout_seconds=1))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.splitlines()[-1].endswith("pip install 'themis-framework[regex]'")
