from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from themis_openai.sse import EventReader

STREAM = b'data: {"a": 1}\n\n: ping\n\nevent: x\ndata: two\ndata: lines\n\ndata:three\n\n'
EVENTS = [b'{"a": 1}', b"two\nlines", b"three"]


def read(*pieces):
    reader = EventReader()
    events = [event for piece in pieces for event in reader.feed(piece)]
    return events + reader.close()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_each_kind_of_line_end_is_understood(end):
    assert read(STREAM.replace(b"\n", end)) == EVENTS


@given(
    st.lists(st.integers(0, len(STREAM) * 2), max_size=12), st.sampled_from([b"\n", b"\r\n", b"\r"])
)
def test_where_a_stream_is_cut_makes_no_difference(cuts, end):
    stream = STREAM.replace(b"\n", end)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(edges)]
    assert read(*pieces) == EVENTS


def test_an_event_is_given_as_soon_as_it_is_complete():
    reader = EventReader()
    assert reader.feed(b"data: a\n") == []
    assert reader.feed(b"\n") == [b"a"]


def test_a_stream_may_end_without_a_last_blank_line():
    assert read(b"data: a\n\ndata: [DONE]") == [b"a", b"[DONE]"]


def test_fields_other_than_data_make_no_event():
    assert read(b"event: ping\nid: 3\nretry: 5\n\n") == []


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_bytes_are_read_without_an_error(data, cut):
    assert read(data[:cut], data[cut:]) == read(data)
