"""What no code of any distribution does, read off its source."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for pattern in ("core/src", "plugins/*/src", "contrib/*/src", "templates")
    for folder in ROOT.glob(pattern)
    for path in folder.rglob("*.py")
    if "node_modules" not in path.parts and "{{" not in path.read_text(encoding="utf-8")
)
UNPICKLERS = {
    "pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib",
    "jsonpickle",
}  # fmt: skip
RUNNERS = {"eval", "exec", "compile", "execfile", "__import__"}
UNSAFE_YAML = {"load", "load_all", "unsafe_load", "unsafe_load_all", "full_load", "full_load_all"}
UNSAFE_LOADERS = {"Loader", "UnsafeLoader", "FullLoader", "CLoader", "CUnsafeLoader", "CFullLoader"}
RUNS_SQL = {
    "execute", "executemany", "exec_driver_sql", "executescript", "scalar", "scalars", "text",
}  # fmt: skip


@pytest.fixture(scope="module")
def trees():
    assert len(SOURCES) > 300
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES
    }


def found(trees, look):
    return sorted(
        f"{name}:{node.lineno}: {ast.unparse(node)[:80]}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if look(node)
    )


def _imports(node):
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return {str(node.module).partition(".")[0]}
    return set()


def _called(node):
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def test_nothing_is_unpickled(trees):
    assert found(trees, lambda node: bool(_imports(node) & UNPICKLERS)) == []
    assert found(trees, lambda node: _called(node).endswith("read_pickle")) == []
    assert found(trees, lambda node: _called(node) in {"torch.load", "np.load", "numpy.load"}) == []


def test_no_text_is_run_as_code(trees):
    assert found(trees, lambda node: _called(node) in RUNNERS) == []


def test_yaml_is_read_by_our_own_reader_of_nodes_alone(trees):
    def unsafe(node):
        owner, _, name = _called(node).rpartition(".")
        return owner == "yaml" and name in UNSAFE_YAML | {"safe_load", "safe_load_all"}

    assert found(trees, unsafe) == []
    loaders = found(
        trees, lambda node: isinstance(node, ast.Attribute) and node.attr in UNSAFE_LOADERS
    )
    assert loaders == []


def test_no_shell_is_started(trees):
    def shell(node):
        keywords = node.keywords if isinstance(node, ast.Call) else ()
        return _called(node) in {"os.system", "os.popen"} or any(
            word.arg == "shell" and getattr(word.value, "value", None) is not False
            for word in keywords
        )

    assert found(trees, shell) == []


def test_xml_is_written_and_never_read(trees):
    readers = ("fromstring", "XMLParser", "iterparse", "parseString")
    assert found(trees, lambda node: _called(node).rpartition(".")[2] in readers) == []


SQL = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|VACUUM|PRAGMA|COPY|WITH)\b\s")


def _is_made(text):
    """Whether a text is SQL put together from values: f"...", a % b, a + b, format, join."""
    if isinstance(text, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in text.values)
    if isinstance(text, ast.BinOp):
        return isinstance(text.op, (ast.Mod, ast.Add))
    if not (isinstance(text, ast.Call) and isinstance(text.func, ast.Attribute)):
        return False
    return text.func.attr in {"format", "join"} and isinstance(text.func.value, ast.Constant)


def _sql_made(node):
    start = next((part for part in ast.walk(node) if isinstance(part, ast.Constant)), None)
    begins = isinstance(start, ast.Constant) and isinstance(start.value, str)
    return _is_made(node) and begins and SQL.match(start.value) is not None


def _handed_over(node):
    name = _called(node).rpartition(".")[2]
    return name in RUNS_SQL and bool(node.args) and _is_made(node.args[0])


_CONNECTIONS = "plugins/themis-postgres/src/themis_postgres/connections.py: "
NAMES_OF_OUR_OWN = {
    # A parameter cannot stand for a name; each of these names is written in our own code.
    "contrib/themis-jsonl/src/themis_jsonl/store.py: f'SELECT {key} FROM new_{what}'",
    "contrib/themis-jsonl/src/themis_jsonl/store.py: f'DELETE FROM new_{what}'",
    "core/src/themis/storage/dialects.py: f'VACUUM ANALYZE {table}'",
    _CONNECTIONS + "f'SELECT pg_advisory_xact_lock({_LOCKS}, hashtext(current_schema()))'",
    "plugins/themis-postgres/src/themis_postgres/testing.py: f'CREATE SCHEMA \"{name}\"'",
}


def test_no_sql_is_put_together_from_values(trees):
    def named(look):
        return {re.sub(r":\d+: ", ": ", each, count=1) for each in found(trees, look)}

    assert named(_sql_made) == NAMES_OF_OUR_OWN
    files = {each.partition(":")[0] for each in named(_handed_over)}
    assert files <= {each.partition(":")[0] for each in NAMES_OF_OUR_OWN}
