from __future__ import annotations

import os
from hashlib import sha256

import pytest

from themis.errors import StorageError
from themis.storage.blobs import MemoryBlobs
from themis.storage.dictionary import DICTIONARY
from themis.storage.payloads import INLINE_LIMIT, PayloadFormat
from themis.storage.schema import Encoding


@pytest.fixture
def blobs():
    return MemoryBlobs()


@pytest.mark.parametrize("compression", ["none", "zstd"])
@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b'{"status":"ok"}' * 50, os.urandom(5000), os.urandom(INLINE_LIMIT + 1)],
    ids=["empty", "tiny", "repetitive", "random", "large"],
)
def test_what_is_packed_unpacks(blobs, compression, data):
    payloads = PayloadFormat(blobs, compression=compression)
    assert payloads.unpack(*payloads.pack(data)) == data


def test_compression_is_kept_only_where_it_helps(blobs):
    payloads = PayloadFormat(blobs)
    assert payloads.pack(b'{"a":1}')[0] is Encoding.RAW
    assert payloads.pack(os.urandom(1000))[0] is Encoding.RAW
    assert payloads.pack(b"abc" * 1000)[0] is Encoding.ZSTD


def test_a_large_payload_goes_to_the_blob_store(blobs):
    data = os.urandom(INLINE_LIMIT + 1)
    encoding, stored = PayloadFormat(blobs).pack(data)
    assert encoding is Encoding.BLOB
    assert blobs.get(stored) == data


def test_a_large_payload_that_compresses_well_stays_in_its_row(blobs):
    assert PayloadFormat(blobs).pack(b"a" * 10 * INLINE_LIMIT)[0] is Encoding.ZSTD


def test_a_small_event_shrinks_to_under_half(blobs):
    key = os.urandom(32).hex()
    data = (
        '{"judge_audits":[],"parses":[],"sample":0,"scores":[{"details":{},"error":null,'
        f'"evaluation_hash":"{key}","key":"{key}","metric":0,"metric_id":"exact_match",'
        '"value":1.0,"warnings":[]}],"timeline":[],"trial":12}'
    ).encode()
    assert len(PayloadFormat(blobs).pack(data)[1]) < len(data) / 2


def test_a_damaged_frame_is_an_error(blobs):
    payloads = PayloadFormat(blobs)
    encoding, stored = payloads.pack(b"abc" * 1000)
    with pytest.raises(StorageError, match="compressed payload is damaged: "):
        payloads.unpack(encoding, stored[:-3])


def test_an_unknown_encoding_is_an_error(blobs):
    with pytest.raises(StorageError, match="payload encoding 9 is unknown; it was written by a ne"):
        PayloadFormat(blobs).unpack(9, b"")


def test_the_dictionary_never_changes():
    # It is part of the stored format: with another one, no stored payload could be read.
    assert sha256(DICTIONARY).hexdigest().startswith("f0fa87823d84ad5d")
