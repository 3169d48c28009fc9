"""One good store, and one for every check of StoreKit that fails exactly that check."""

from __future__ import annotations

import time
from pathlib import Path

import attrs
from pydantic import BaseModel, ConfigDict, Field

from themis.errors import StorageError
from themis.plugin import PluginInfo, StorageBackendDeclaration, hookimpl
from themis.storage import SqliteRunStore


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    root_dir: str = Field(description="The store's folder.")


class LooseSettings(BaseModel):
    root_dir: str = Field(description="The store's folder.")


class Good(SqliteRunStore):
    def __init__(self, config, *, read_only=False):
        super().__init__(Path(config.root_dir), read_only=read_only)


class Altered(Good):
    """What is read is not what was written."""

    def event(self, seq):
        event = super().event(seq)
        return attrs.evolve(event, value=self.altered(event.value))

    def altered(self, value):
        if isinstance(value, dict):
            return {key: self.altered(entry) for key, entry in value.items()}
        return self.leaf(value)


class Unicode(Altered):
    def leaf(self, value):
        return value.replace("\x00", "") if isinstance(value, str) else value


class Numbers(Altered):
    def leaf(self, value):
        return None if value != value else value


class Large(Good):
    def append(self, events, *, items=()):
        if any(len(event.payload) > 2**20 for event in events):
            raise StorageError("too large")
        return super().append(events, items=items)


class Idempotent(Good):
    def append(self, events, *, items=()):
        seen = self.__dict__.setdefault("seen", set())
        seqs = super().append(events, items=items)
        again = [seq + 10**6 if seq in seen else seq for seq in seqs]
        seen.update(seqs)
        return tuple(again)


class Durable(Good):
    def save_progress(self, run_id, payload):
        self.__dict__.setdefault("progress", {})[run_id] = payload

    def load_progress(self, run_id):
        return self.__dict__.get("progress", {}).get(run_id)


class Items(Good):
    def get_items(self, hashes):
        found = super().get_items(hashes)
        return {key: value for key, value in found.items() if value["payload"] != {"n": 7}}


class Known(Good):
    def known(self, keys):
        return super().known(list(keys)[:1000])


class Steps(Good):
    def steps_of(self, candidate):
        return super().steps_of(candidate)[::-1]


class Progress(Good):
    def save_progress(self, run_id, payload):
        self.flush()
        if self.load_progress(run_id) is None:
            super().save_progress(run_id, payload)


class Order(Good):
    def iter_trials(self, run, *, start=0, chunk=500):
        rows = list(super().iter_trials(run, start=start, chunk=chunk))
        return iter([*rows[chunk:], *rows[:chunk]])


class Results(Good):
    def append(self, events, *, items=()):
        kept = [event for event in events if event.kind != "evaluated"]
        return super().append(kept, items=items)


class UnknownRun(Good):
    def run(self, run_id):
        return self.find_run(run_id)


class ReadOnly(Good):
    def __init__(self, config, *, read_only=False):
        super().__init__(config)


class TwoWriters(Good):
    deaf = False

    def __init__(self, config, *, read_only=False):
        try:
            super().__init__(config, read_only=read_only)
        except StorageError:
            if read_only:
                raise
            super().__init__(config, read_only=True)
            self.deaf = True

    def append(self, events, *, items=()):
        return () if self.deaf else super().append(events, items=items)


class Concurrent(Good):
    busy = False

    def append(self, events, *, items=()):
        if self.busy:
            raise StorageError("busy")
        self.busy = True
        try:
            time.sleep(0.001)
            return super().append(events, items=items)
        finally:
            self.busy = False


class Crash(Good):
    def __init__(self, config, *, read_only=False):
        self.mark = Path(config.root_dir) / "open"
        if self.mark.exists() and not read_only:
            raise StorageError("the store was not closed")
        super().__init__(config, read_only=read_only)
        if not read_only:
            self.mark.touch()

    def close(self):
        self.mark.unlink(missing_ok=True)
        super().close()


class Migration(Good):
    def __init__(self, config, *, read_only=False):
        if (Path(config.root_dir) / "old").exists():
            raise StorageError("the store is too old")
        super().__init__(config, read_only=read_only)


class Close(Good):
    closed = False

    def close(self):
        if self.closed:
            raise RuntimeError("closed already")
        self.closed = True
        super().close()


class Config(Good):
    pass


CLASSES = {
    "good": Good,
    "unicode": Unicode,
    "numbers": Numbers,
    "large": Large,
    "idempotent": Idempotent,
    "durable": Durable,
    "items": Items,
    "known": Known,
    "steps": Steps,
    "progress": Progress,
    "order": Order,
    "results": Results,
    "unknown_run": UnknownRun,
    "read_only": ReadOnly,
    "two_writers": TwoWriters,
    "concurrent": Concurrent,
    "crash": Crash,
    "migration": Migration,
    "close": Close,
    "config": Config,
}


@hookimpl
def themis_plugin():
    return PluginInfo(summary="Broken stores.")


@hookimpl
def themis_storage_backends():
    return [
        StorageBackendDeclaration(
            name=name,
            implementation=f"bad_stores:{implementation.__name__}",
            config=f"bad_stores:{'Loose' if name == 'config' else ''}Settings",
            version="1.0",
        )
        for name, implementation in CLASSES.items()
    ]
