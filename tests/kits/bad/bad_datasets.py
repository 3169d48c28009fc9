"""One good dataset provider, and one for every check of DatasetKit that fails exactly that."""

from __future__ import annotations

import itertools

from pydantic import BaseModel, ConfigDict, Field

from themis.plugin import DatasetProviderDeclaration, ItemError, PluginInfo, hookimpl

_numbers = itertools.count()


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int = Field(default=8, description="How many items there are.")


class LooseSettings(BaseModel):
    count: int = Field(default=8, description="How many items there are.")


class Good:
    def __init__(self, config):
        self.count = config.count

    def scan(self, slice_spec, query):
        if slice_spec.dataset.dataset_id == "broken":
            raise self.broken()
        return self.rows(query)

    def rows(self, query):
        for number in range(self.count):
            yield self.row(number)

    def row(self, number):
        return {"item_id": f"i{number}", "topic": "ab"[number % 2], "question": f"{number}?"}

    def broken(self):
        return ItemError("there is no dataset 'broken'")


class Mappings(Good):
    def row(self, number):
        return {**super().row(number), number: "x"} if number == 2 else super().row(number)


class Storable(Good):
    def row(self, number):
        return {**super().row(number), "raw": object} if number == 2 else super().row(number)


class Rescan(Good):
    scans = 0

    def rows(self, query):
        self.scans += 1
        rows = list(super().rows(query))
        return iter(rows[::-1] if self.scans == 2 else rows)


class Deterministic(Good):
    def __init__(self, config):
        super().__init__(config)
        self.mark = next(_numbers)

    def row(self, number):
        return {**super().row(number), "question": f"{number}? {self.mark}"}


class Streaming(Good):
    reading = None

    def rows(self, query):
        if self.reading is not None and not self.ended:
            yield from super().rows(query)
            yield self.row(self.count)
            return
        self.reading, self.ended = query, False
        try:
            yield from super().rows(query)
            self.ended = True
        except GeneratorExit:
            raise


class Interleaved(Good):
    def rows(self, query):
        self.position = 0
        while self.position < self.count:
            self.position += 1
            yield self.row(self.position - 1)


class Ids(Good):
    def row(self, number):
        return {**super().row(number), "item_id": f"i{min(number, 6)}"}


class Query(Good):
    def rows(self, query):
        return itertools.islice(super().rows(query), query.count)


class Projection(Good):
    def rows(self, query):
        for row in super().rows(query):
            wanted = query.projected_fields or list(row)
            yield {name: value for name, value in row.items() if name not in wanted} or row


class Independent(Good):
    def __init__(self, config):
        super().__init__(config)
        self.kept = [self.row(number) for number in range(self.count)]

    def rows(self, query):
        return iter(self.kept)


class Broken(Good):
    def broken(self):
        return KeyError("broken")


class Config(Good):
    pass


CLASSES = {
    "good": Good,
    "mappings": Mappings,
    "storable": Storable,
    "rescan": Rescan,
    "deterministic": Deterministic,
    "streaming": Streaming,
    "interleaved": Interleaved,
    "ids": Ids,
    "query": Query,
    "projection": Projection,
    "independent": Independent,
    "broken": Broken,
    "config": Config,
}


@hookimpl
def themis_plugin():
    return PluginInfo(summary="Broken dataset providers.")


@hookimpl
def themis_dataset_providers():
    return [
        DatasetProviderDeclaration(
            name=name,
            implementation=f"bad_datasets:{implementation.__name__}",
            config=f"bad_datasets:{'Loose' if name == 'config' else ''}Settings",
            version="1.0",
        )
        for name, implementation in CLASSES.items()
    ]
