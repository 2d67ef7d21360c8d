"""TFRecord framing: what is there is read whole, what is damaged says where."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import pytest
from encoders import flip, framed, masked_crc32c, write_tfrecord
from hypothesis import given
from hypothesis import strategies as st

from model_insights.artifacts import tfrecord
from model_insights.errors import ArtifactUnreadable

PAYLOADS = (b"first", b"", b"\x1f\x8b\x08" * 5, b"x" * 70_000)


@pytest.fixture(params=[False, True], ids=["plain", "gzip"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write_tfrecord(tmp_path / "some.tfrecord", PAYLOADS, compress=request.param)


def refusal(path: Path, *, offset: int | None = None) -> ArtifactUnreadable:
    with pytest.raises(ArtifactUnreadable) as caught:
        list(tfrecord.records(path)) if offset is None else tfrecord.record_at(path, offset)
    return caught.value


def test_payloads_come_in_file_order(file: Path):
    assert PAYLOADS == tuple(tfrecord.records(file))


def test_numbered_and_index_agree_on_where_records_lie(file: Path):
    expected = tuple((offset, len(payload)) for offset, payload in tfrecord.numbered(file))

    assert expected == tfrecord.index(file)
    assert (0, 21, 37, 68) == tuple(offset for offset, _ in expected)


def test_any_record_can_be_fetched_by_its_offset(file: Path):
    assert PAYLOADS == tuple(tfrecord.record_at(file, offset) for offset, _ in tfrecord.index(file))


def test_heads_hold_the_first_bytes_and_no_byte_of_the_next_record(file: Path):
    assert (b"first", b"", b"\x1f\x8b\x08\x1f\x8b\x08", b"xxxxxx") == tuple(head.start for head in tfrecord.heads(file, first=6))


def test_indexing_a_plain_file_reads_headers_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write_tfrecord(tmp_path / "big", [b"y" * 100_000] * 20)
    read = 0
    real_opened = tfrecord._opened

    class Counting:
        def __init__(self, stream):
            self.stream = stream

        def seek(self, offset):
            return self.stream.seek(offset)

        def read(self, count):
            nonlocal read
            block = self.stream.read(count)
            read += len(block)
            return block

    class Opened:
        def __init__(self, shown, buffering=-1):
            assert 0 == buffering, "a buffer would read payload behind our back"
            self.inner = real_opened(shown, buffering=buffering)

        def __enter__(self):
            stream, size = self.inner.__enter__()
            return Counting(stream), size

        def __exit__(self, *error):
            return self.inner.__exit__(*error)

    monkeypatch.setattr(tfrecord, "_opened", Opened)

    assert 20 == len(tfrecord.index(path))
    assert 20 * tfrecord.HEADER_BYTES == read


def test_an_empty_file_has_no_records_and_does_not_look_like_tfrecord(tmp_path: Path):
    path = write_tfrecord(tmp_path / "empty", [])

    assert () == tuple(tfrecord.records(path)) == tfrecord.index(path)
    assert not tfrecord.looks_like_tfrecord(path)


def test_tfrecord_is_known_by_content_not_by_name(file: Path, tmp_path: Path):
    text = tmp_path / "liar.tfrecord"
    text.write_text("twelve bytes and more of ordinary text")

    assert tfrecord.looks_like_tfrecord(file)
    assert not tfrecord.looks_like_tfrecord(text)
    assert not tfrecord.looks_like_tfrecord(tmp_path / "nowhere")
    assert not tfrecord.looks_like_tfrecord(tmp_path)


def test_a_plain_record_whose_length_looks_like_gzip_is_read(tmp_path: Path):
    payload = b"z" * int.from_bytes(b"\x1f\x8b\x08", "little")
    path = write_tfrecord(tmp_path / "odd", [payload])

    assert b"\x1f\x8b\x08" == path.read_bytes()[:3]
    assert [payload] == list(tfrecord.records(path))


def test_a_truncated_payload_says_how_many_bytes_are_missing(tmp_path: Path):
    path = write_tfrecord(tmp_path / "cut", [b"first", b"second"])
    path.write_bytes(path.read_bytes()[:-7])

    error = refusal(path)
    assert f"{path}: the record at byte 21 ends 7 bytes early. Write the artifact again, or restore the file." == str(error)
    assert 21 == error.offset
    with pytest.raises(ArtifactUnreadable, match="ends 7 bytes early"):
        tfrecord.index(path)


def test_a_truncated_header_is_told_from_the_end_of_the_file(tmp_path: Path):
    path = write_tfrecord(tmp_path / "cut", [b"first"])
    path.write_bytes(path.read_bytes() + b"\x05\x00\x00")

    assert "the record at byte 21 ends after 3 of its 12 header bytes" == refusal(path).what


def test_a_truncated_gzip_file_is_damaged_not_short(tmp_path: Path):
    path = write_tfrecord(tmp_path / "cut.gz", [bytes(range(256)) * 40], compress=True)
    path.write_bytes(path.read_bytes()[:-20])

    assert "its gzip data is damaged or cut short" in refusal(path).what


def test_a_gzip_file_whose_inner_record_is_cut_is_damaged_when_read_and_when_indexed(tmp_path: Path):
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(framed(b"first") + framed(b"second")[:-3]))

    assert "the record at byte 21 ends 3 bytes early" == refusal(path).what
    with pytest.raises(ArtifactUnreadable, match="ends early"):
        tfrecord.index(path)


def test_a_flipped_payload_bit_fails_when_the_record_is_decoded_not_when_indexed(tmp_path: Path):
    path = flip(write_tfrecord(tmp_path / "bad", [b"first", b"second"]), 21 + 12 + 2)

    assert "the record at byte 21 fails its checksum" == refusal(path).what
    assert ((0, 5), (21, 6)) == tfrecord.index(path)
    assert b"first" == tfrecord.record_at(path, 0)
    assert "the record at byte 21 fails its checksum" == refusal(path, offset=21).what


@pytest.mark.parametrize(("at", "what"), [(21, "the length of the record at byte 21 fails its checksum"), (3, "it is not a TFRecord file")])
def test_a_flipped_header_bit_fails_when_indexed(at: int, what: str, tmp_path: Path):
    path = flip(write_tfrecord(tmp_path / "bad", [b"first", b"second"]), at)

    assert what == refusal(path).what
    with pytest.raises(ArtifactUnreadable, match=what):
        tfrecord.index(path)


def test_a_record_that_claims_more_than_any_message_may_have_is_refused(tmp_path: Path):
    path = tmp_path / "huge"
    length = struct.pack("<Q", 1 << 40)
    path.write_bytes(length + masked_crc32c(length))

    assert "the record at byte 0 claims 1099511627776 bytes, more than any message may have" == refusal(path).what


def test_a_missing_file_is_a_sentence(tmp_path: Path):
    path = tmp_path / "gone.tfrecord"

    assert f"{path}: it cannot be opened (No such file or directory). Check that the file is there and readable." == str(refusal(path))


def test_an_offset_past_the_end_is_a_sentence(tmp_path: Path):
    path = write_tfrecord(tmp_path / "short", [b"first"])

    assert "no record begins at byte 21: the file ends there" == refusal(path, offset=21).what


@given(payloads=st.lists(st.binary(max_size=300), max_size=12), compress=st.booleans())
def test_what_is_written_is_read(payloads: list[bytes], compress: bool, tmp_path_factory: pytest.TempPathFactory):
    path = write_tfrecord(tmp_path_factory.mktemp("law") / "any", payloads, compress=compress)

    assert payloads == list(tfrecord.records(path))


@given(payloads=st.lists(st.binary(max_size=40), min_size=1, max_size=4), at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_no_flipped_bit_goes_unseen(payloads: list[bytes], at: int, bit: int, tmp_path_factory: pytest.TempPathFactory):
    path = write_tfrecord(tmp_path_factory.mktemp("law") / "any", payloads)
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << bit
    path.write_bytes(bytes(data))

    assert isinstance(refusal(path), ArtifactUnreadable)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("metrics",), None),
        (("m-00000-of-00002", "m-00001-of-00002"), None),
        (("m-00000-of-00003", "m-00002-of-00003"), "shard 2 of 3 is missing"),
        (("m-00000-of-00001", "m-00000-of-00002"), "shards of 2 different writes lie side by side (of 1, of 2)"),
    ],
)
def test_a_missing_shard_is_named(names: tuple[str, ...], expected: str | None):
    assert expected == tfrecord.shard_problem(Path(name) for name in names)
