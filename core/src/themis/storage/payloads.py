"""How canonical bytes are stored: as they are, compressed, or in the blob store."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal

import zstandard

from themis.errors import StorageError
from themis.storage.dictionary import DICTIONARY
from themis.storage.schema import Encoding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from themis.storage.blobs import BlobStore

__all__ = ["INLINE_LIMIT", "Compression", "PayloadFormat"]

Compression = Literal["none", "zstd"]

INLINE_LIMIT = 96 * 1024
"""Stored payloads above this many bytes go to the blob store."""

_WORTH_COMPRESSING = 128
_LEVEL = 3
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"  # canonical JSON never begins so; blobs are told apart by it


class PayloadFormat:
    """Packs canonical bytes into what a row holds, and back. Safe to use from several threads."""

    def __init__(
        self,
        blobs: BlobStore,
        *,
        compression: Compression = "zstd",
        inline_limit: int = INLINE_LIMIT,
    ) -> None:
        self._blobs = blobs
        self._compress = compression == "zstd"
        self._inline_limit = inline_limit
        self._local = _ThreadCodecs()

    def pack(self, data: bytes) -> tuple[Encoding, bytes]:
        """Encoding and stored bytes; a large payload's blob is on disk when this returns."""
        return self.pack_all([data])[0]

    def pack_all(self, payloads: Sequence[bytes]) -> list[tuple[Encoding, bytes]]:
        """`pack` for many, compressed in one call that lets go of the interpreter's lock once."""
        packed = [(Encoding.RAW, data) for data in payloads]
        worth = [n for n, data in enumerate(payloads) if len(data) >= _WORTH_COMPRESSING]
        if self._compress and worth:
            frames = self._local.compressor.multi_compress_to_buffer([payloads[n] for n in worth])
            for n, frame in zip(worth, iter(frames), strict=True):
                if len(frame) < len(payloads[n]):
                    packed[n] = (Encoding.ZSTD, frame.tobytes())
        return [self._placed(*one) for one in packed]

    def _placed(self, encoding: Encoding, stored: bytes) -> tuple[Encoding, bytes]:
        if len(stored) > self._inline_limit:
            return Encoding.BLOB, self._blobs.put(stored)
        return encoding, stored

    def unpack(self, encoding: int, stored: bytes) -> bytes:
        """The canonical bytes.

        Raises:
            StorageError: an encoding this version does not know, a damaged frame, or a blob that
                is missing or altered.
        """
        if encoding == Encoding.RAW:
            return stored
        if encoding == Encoding.BLOB:
            stored = self._blobs.get(stored)
            if not stored.startswith(_ZSTD_MAGIC):
                return stored
        elif encoding != Encoding.ZSTD:
            msg = f"payload encoding {encoding} is unknown; it was written by a newer Themis"
            raise StorageError(msg)
        return self._decompress(stored)

    def _decompress(self, stored: bytes) -> bytes:
        try:
            return self._local.decompressor.decompress(stored)
        except zstandard.ZstdError as error:
            msg = f"compressed payload is damaged: {error}"
            raise StorageError(msg) from error


class _ThreadCodecs(threading.local):
    """A zstd context must not be used by two threads at once."""

    def __init__(self) -> None:
        words = zstandard.ZstdCompressionDict(DICTIONARY, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        words.precompute_compress(level=_LEVEL)
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL, dict_data=words)
        self.decompressor = zstandard.ZstdDecompressor(dict_data=words)
