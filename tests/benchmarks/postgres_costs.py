"""`python postgres_costs.py EVENTS`: how fast a store on PostgreSQL takes events, as JSON.

A server is started (fsync on), and EVENTS durable events are written into one run by one process,
and again into another store by four. What is to be written is made before the clock starts. CPU is
that of the writers and of the server, so that it can be told apart from waiting for either.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time

from store_costs import planned, trial_events
from themis_postgres.store import PostgresRunStore
from themis_postgres.testing import PostgresServer

from themis.specs import PostgresBlobStorageSpec

_TOGETHER = 64
_URL = "THEMIS_BENCHMARK_DATABASE"


def opened(folder: str) -> PostgresRunStore:
    """The store whose URL is in the environment."""
    return PostgresRunStore(
        PostgresBlobStorageSpec(database_url=f"env:{_URL}", blob_root_dir=folder)
    )


def write(folder: str, first: int, last: int) -> None:
    """Write the events of a range of trials once told to, and print the CPU seconds it took."""
    with opened(folder) as store:
        made = [event for number in range(first, last) for event in trial_events(1, number)]
        print("ready", flush=True)
        sys.stdin.readline()
        before = time.process_time()
        for at in range(0, len(made), _TOGETHER):
            store.submit(made[at : at + _TOGETHER])
        store.flush()
        print(time.process_time() - before, flush=True)


def rates(server: PostgresServer, writers: int, events: int) -> dict[str, float]:
    """Events a second of so many processes, and the CPU microseconds of an event."""
    os.environ[_URL] = server.new_schema()
    trials = events // 2 // writers
    with tempfile.TemporaryDirectory() as folder:
        with opened(folder) as store:
            planned(store, trials * writers)
        started = [start(folder, n * trials, (n + 1) * trials) for n in range(writers)]
        cpu, began = server.cpu_seconds(), time.perf_counter()
        for one in started:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        spent = [float(one.communicate()[0]) for one in started]
        seconds = time.perf_counter() - began
    written = 2 * trials * writers
    return {
        "rate": written / seconds,
        "writers_us": 1e6 * sum(spent) / written,
        "server_us": 1e6 * (server.cpu_seconds() - cpu) / written,
    }


def start(folder: str, first: int, last: int) -> subprocess.Popen[str]:
    """A process that is ready to write."""
    command = [sys.executable, __file__, "write", folder, str(first), str(last)]
    one = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert one.stdout is not None
    assert one.stdout.readline() == "ready\n"
    return one


def main() -> None:
    """Measure one writer and four."""
    if sys.argv[1] == "write":
        write(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
        return
    events = int(sys.argv[1])
    with PostgresServer() as server:
        found = {count: rates(server, count, events) for count in (1, 4)}
    print(json.dumps({f"{name}_{n}": value for n in found for name, value in found[n].items()}))


if __name__ == "__main__":
    main()
