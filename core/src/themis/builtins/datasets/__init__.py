"""Dataset providers: items in memory, in local files, and on the Hugging Face Hub."""

from themis.builtins.datasets.memory import MemoryDatasetProvider

__all__ = ["MemoryDatasetProvider"]
