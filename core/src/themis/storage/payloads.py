"""How canonical bytes are stored: as they are, compressed, or in the blob store."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal

import zstandard

from themis.errors import StorageError
from themis.storage.dictionary import DICTIONARY
from themis.storage.schema import Encoding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from themis.storage.blobs import BlobStore

__all__ = ["INLINE_LIMIT", "Compression", "PayloadFormat"]

Compression = Literal["none", "zstd"]

INLINE_LIMIT = 96 * 1024
"""Stored payloads above this many bytes go to the blob store."""

_WORTH_COMPRESSING = 128
_LARGE = 2048
_FAST, _THOROUGH = -1, 3
"""Levels of zstd. A small payload shrinks by the dictionary: 2.6 us for 270 bytes that the
thorough level makes 230 in 5 us."""
_MAX_BYTES = 2**31
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
        if self._compress:
            sizes = [len(data) for data in payloads]
            small = [n for n, size in enumerate(sizes) if _WORTH_COMPRESSING <= size < _LARGE]
            large = [n for n, size in enumerate(sizes) if size >= _LARGE]
            for chosen, codec in ((small, self._local.fast), (large, self._local.thorough)):
                for n, frame in _squeezed(codec, chosen, payloads):
                    if len(frame) < sizes[n]:
                        packed[n] = (Encoding.ZSTD, frame)
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
            size = zstandard.frame_content_size(stored)
            if size > _MAX_BYTES:
                msg = f"compressed payload claims {size:,} bytes; one has at most {_MAX_BYTES:,}"
                raise StorageError(msg)
            return self._local.decompressor.decompress(stored)
        except zstandard.ZstdError as error:
            msg = f"compressed payload is damaged: {error}"
            raise StorageError(msg) from error


def _squeezed(
    codec: zstandard.ZstdCompressor, chosen: Sequence[int], payloads: Sequence[bytes]
) -> Iterator[tuple[int, bytes]]:
    """The frames of the payloads with these numbers."""
    if chosen:
        frames = codec.multi_compress_to_buffer([payloads[n] for n in chosen])
        for n, frame in zip(chosen, iter(frames), strict=True):
            yield n, frame.tobytes()


class _ThreadCodecs(threading.local):
    """A zstd context must not be used by two threads at once."""

    def __init__(self) -> None:
        self.fast = _compressor(_FAST)
        self.thorough = _compressor(_THOROUGH)
        self.decompressor = zstandard.ZstdDecompressor(dict_data=_words())


def _compressor(level: int) -> zstandard.ZstdCompressor:
    words = _words()
    words.precompute_compress(level=level)
    return zstandard.ZstdCompressor(level=level, dict_data=words)


def _words() -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(DICTIONARY, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
