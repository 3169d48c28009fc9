from __future__ import annotations

import os
from hashlib import sha256

import pytest

from themis.errors import ErrorCode, StorageError
from themis.storage.blobs import BlobDirectory, MemoryBlobs


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "blobs"


@pytest.fixture(params=["folder", "memory"])
def blobs(request, folder):
    return BlobDirectory(folder) if request.param == "folder" else MemoryBlobs()


def file_of(folder, name):
    return folder / name.hex()[:2] / name.hex()[2:4] / name.hex()


def test_a_blob_reads_back_under_its_hash(blobs):
    name = blobs.put(b"some bytes")
    assert blobs.get(name) == b"some bytes"
    assert list(blobs.names()) == [name]
    assert blobs.size(name) == 10


def test_equal_content_is_one_blob(blobs):
    assert blobs.put(b"x") == blobs.put(b"x")
    assert len(list(blobs.names())) == 1


def test_a_missing_blob_is_named(blobs):
    with pytest.raises(StorageError, match=f"blob {'ab' * 32} is missing"):
        blobs.get(b"\xab" * 32)


def test_a_discarded_blob_is_gone(blobs):
    name = blobs.put(b"x")
    blobs.discard(name)
    blobs.discard(name)
    assert list(blobs.names()) == []


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: b"X" + data[1:]])
def test_an_altered_blob_is_named(folder, change):
    name = BlobDirectory(folder).put(b"some bytes")
    file = file_of(folder, name)
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(StorageError, match=f"blob {name.hex()} in .* is altered: its bytes no"):
        BlobDirectory(folder).get(name)


def test_putting_an_altered_blob_again_repairs_it(folder):
    blobs = BlobDirectory(folder)
    name = blobs.put(b"some bytes")
    file_of(folder, name).write_bytes(b"")
    blobs.put(b"some bytes")
    assert blobs.get(name) == b"some bytes"


@pytest.mark.parametrize("name", [b"", b"../../etc/passwd", b"/" * 31, b"x" * 33])
def test_no_name_leads_out_of_the_folder(folder, name):
    with pytest.raises(StorageError, match="is no blob name; a name is 32 bytes"):
        BlobDirectory(folder).get(name)


def test_what_an_interrupted_write_left_is_no_blob_and_is_swept(folder):
    blobs = BlobDirectory(folder)
    blobs.put(b"whole")
    (folder / "incoming" / "half").write_bytes(b"ha")
    assert len(list(blobs.names())) == 1
    assert blobs.sweep() == 2
    assert blobs.sweep() == 0


def test_foreign_files_are_no_blobs(folder):
    blobs = BlobDirectory(folder)
    name = blobs.put(b"x")
    file_of(folder, name).with_name("notes.txt").write_text("mine")
    assert list(blobs.names()) == [name]


@pytest.mark.parametrize("short", ["ab", "abcd", "00" * 32])
def test_a_foreign_file_with_a_name_of_hex_digits_is_no_blob(folder, short):
    blobs = BlobDirectory(folder)
    name = blobs.put(b"x")
    file_of(folder, name).with_name(short).write_text("mine")
    assert list(blobs.names()) == [name]


@pytest.fixture
def elsewhere(tmp_path):
    """A folder with a file that no store owns."""
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "mine.txt").write_text("mine")
    return outside


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_a_link_in_the_place_of_a_blob_or_its_folder_is_not_followed(folder, elsewhere, depth):
    blobs = BlobDirectory(folder)
    name = blobs.put(b"some bytes")
    place = folder.joinpath(*file_of(folder, name).relative_to(folder).parts[:depth])
    place.rename(elsewhere / "moved")
    place.symlink_to(elsewhere / "moved")
    for act in (blobs.get, blobs.discard, lambda _: blobs.put(b"some bytes")):
        with pytest.raises(StorageError, match="a store holds no symbolic links"):
            act(name)
    assert (elsewhere / "moved").exists()


def test_sweeping_does_not_follow_a_link_out_of_the_store(folder, elsewhere):
    BlobDirectory(folder).put(b"x")
    (folder / "incoming").rmdir()
    (folder / "incoming").symlink_to(elsewhere)
    with pytest.raises(StorageError, match="incoming is no plain folder"):
        BlobDirectory(folder).sweep()
    with pytest.raises(StorageError, match="incoming is no plain folder"):
        BlobDirectory(folder).put(b"y")
    assert [path.name for path in elsewhere.iterdir()] == ["mine.txt"]


def test_a_link_in_the_place_of_a_file_being_written_is_not_followed(folder, elsewhere):
    blobs = BlobDirectory(folder)
    blobs.put(b"x")
    side = folder / "incoming" / f"{sha256(b'y').hexdigest()}.{os.getpid()}"
    side.symlink_to(elsewhere / "mine.txt")
    with pytest.raises(StorageError, match="is no plain file"):
        blobs.put(b"y")
    assert (elsewhere / "mine.txt").read_text() == "mine"


def test_a_pipe_in_the_place_of_a_blob_is_not_waited_for(folder):
    blobs = BlobDirectory(folder)
    name = blobs.put(b"x")
    file_of(folder, name).unlink()
    os.mkfifo(file_of(folder, name))
    with pytest.raises(StorageError, match="is no plain file"):
        blobs.get(name)


def test_a_folder_that_cannot_be_written_is_a_write_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot be written to .*Not a directory") as raised:
        BlobDirectory(tmp_path / "file").put(b"x")
    assert raised.value.code is ErrorCode.STORAGE_WRITE
