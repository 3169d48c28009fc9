from __future__ import annotations

import json
import sqlite3

import pytest
from click.testing import CliRunner

from themis import storage
from themis.cli import main
from themis.errors import StorageError
from themis.storage.sqlite_store import existing_store
from themis.testing.recorded_runs import RecordedRun


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "store"
    with storage.sqlite_store(folder) as store:
        RecordedRun().record(store)
    return folder


def themis(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def damage(root, statement):
    database = sqlite3.connect(root / "themis.sqlite3")
    with database:
        database.execute(statement)
    database.close()


def test_verify_says_that_all_is_well(root):
    done = themis("store", "verify", "--store", root)
    assert done.exit_code == 0
    assert done.stdout.endswith("everything is as it was written\n")


def test_verify_names_the_damaged_event_and_fails(root):
    damage(root, "UPDATE events SET at = 0 WHERE seq = 3")
    done = themis("store", "verify", "--store", root)
    assert done.exit_code == 1
    assert "event: event 3 (" in done.stdout
    assert done.stdout.endswith("the store is damaged\n")


def test_verify_in_json_has_each_finding_with_its_event(root):
    damage(root, "UPDATE events SET at = 0 WHERE seq = 3")
    found = json.loads(themis("store", "verify", "--store", root, "--json").stdout)
    assert found["ok"] is False
    assert found["findings"][0]["seq"] == 3


def test_rebuild_repairs_the_tables(root):
    damage(root, "DELETE FROM scores")
    assert themis("store", "verify", "--store", root).exit_code == 1
    done = themis("store", "rebuild", "--store", root)
    assert done.stdout.startswith("derived the tables anew from ")
    assert themis("store", "verify", "--store", root).exit_code == 0


def test_rebuild_in_json_counts_the_events(root):
    assert json.loads(themis("store", "rebuild", "--store", root, "--json").stdout)["events"] > 3


def test_stats_list_events_runs_and_tables(root):
    done = themis("store", "stats", "--store", root)
    assert done.exit_code == 0
    for word in ("run_planned", "generated", "items", "blobs"):
        assert word in done.stdout


def test_stats_in_json_count_each_kind_of_event(root):
    found = json.loads(themis("store", "stats", "--store", root, "--json").stdout)
    assert found["events"]["run_planned"]["count"] == 1


def test_vacuum_says_what_it_freed(root):
    damage(root, "CREATE TABLE ballast AS SELECT randomblob(3000000) AS data")
    damage(root, "DROP TABLE ballast")
    assert themis("store", "vacuum", "--store", root).stdout.startswith("freed 2.")
    assert "bytes_freed" in json.loads(themis("store", "vacuum", "--store", root, "--json").stdout)


@pytest.mark.parametrize("command", ["verify", "rebuild", "stats", "vacuum"])
def test_a_folder_without_a_store_is_an_error(tmp_path, command):
    done = themis("store", command, "--store", tmp_path / "nowhere")
    assert done.exit_code == 2
    assert "error: there is no store at " in done.stderr


ADDRESSES = [
    "host=127.0.0.1 port=1 password=hunter2secret",
    "dbname=runs password='hunter2secret and more'",
    "postgresql://me:hunter2secret@127.0.0.1:1/runs",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_address_of_a_database_is_no_path_and_its_password_is_not_shown(tmp_path, address):
    blobs = str(tmp_path / "blobs")
    done = CliRunner().invoke(
        main, ["store", "copy", address, str(tmp_path / "to"), "--blobs", blobs]
    )
    assert done.exit_code == 2
    assert "the database_url holds a password" in done.output
    assert "hunter2" not in done.output


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("command", [["runs"], ["run", "b.toml"]])
def test_the_address_of_a_database_is_refused_where_a_folder_is_asked_for(command, address):
    done = CliRunner().invoke(main, [*command, "--store", address])
    assert done.exit_code == 2
    assert "this is the address of a database; name it in a project's file" in done.output
    assert "hunter2" not in done.output


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_taken_for_a_path_is_shown_without_its_password(address):
    with pytest.raises(StorageError, match=r"there is no store at .*\[redacted\]") as caught:
        existing_store(address)
    assert "hunter2" not in str(caught.value)


def test_a_store_that_is_being_written_is_not_rebuilt(root):
    with storage.sqlite_store(root):
        done = themis("store", "rebuild", "--store", root)
    assert done.exit_code == 2
    assert "is being written by process" in done.stderr
