"""The cache gives back what was stored while the files are the same, and is never a reason to fail."""

from __future__ import annotations

import math
import os
from pathlib import Path

import encoders as wire
import msgspec
import numpy as np
import pytest
from encoders import metric, metrics_for_slice, slice_key, write_tfrecord

from model_insights.artifacts import tfma
from model_insights.artifacts.cache import Cache, Codec, cached, codec_of, stamps_of
from model_insights.artifacts.tfma import read_evaluation
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import Evaluation


class Fact(msgspec.Struct, frozen=True):
    name: str
    value: float | None = None


class OtherFact(msgspec.Struct, frozen=True):
    name: str
    value: float | None = None
    unit: str = ""


FACTS = codec_of("fact", Fact, version=1)


class Reader:
    """Counts how often the file is really read."""

    def __init__(self, file: Path, codec: Codec = FACTS) -> None:
        self.file, self.codec, self.count = file, codec, 0

    def __call__(self, cache: Cache | None) -> Loaded | Absent | Damaged:
        return cached(cache, self.file, [self.file], self.codec, self.load)

    def load(self) -> Loaded:
        self.count += 1
        return Loaded(value=Fact(name=self.file.read_text()), path=str(self.file))


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    file = tmp_path / "file"
    file.write_text("first")
    return Reader(file)


def entry(tmp_path: Path) -> Path:
    (found,) = (tmp_path / "state" / "cache").iterdir()
    return found


def test_a_second_read_comes_from_the_cache_of_a_new_process(reader: Reader, tmp_path: Path):
    first, second = (reader(Cache(tmp_path / "state")) for _ in range(2))

    assert first == second == Loaded(value=Fact(name="first"), path=str(reader.file))
    assert 1 == reader.count


def test_a_file_that_changed_is_read_again_and_its_entry_replaced(reader: Reader, tmp_path: Path):
    cache = Cache(tmp_path / "state")
    reader(cache)
    reader.file.write_text("longer")

    assert "longer" == reader(cache).value.name  # type: ignore[union-attr]
    os.utime(reader.file, ns=(1, 1))
    reader(cache)
    reader(cache)
    assert 3 == reader.count
    assert entry(tmp_path).name.startswith("fact-")


def test_a_file_that_appears_beside_the_others_is_noticed(tmp_path: Path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.touch()
    before = stamps_of([one, two])
    two.touch()

    assert 1 == len(before)
    assert before != stamps_of([two, one]) == stamps_of([one, two])


@pytest.mark.parametrize("codec", [codec_of("fact", Fact, version=2), codec_of("fact", OtherFact, version=1)])
def test_another_version_or_shape_of_the_reader_reads_again(codec: Codec, reader: Reader, tmp_path: Path):
    cache = Cache(tmp_path / "state")
    reader(cache)
    reader.codec = codec
    reader(cache)

    assert 2 == reader.count


@pytest.mark.parametrize("content", [b"", b"not ours", b"\x80\x04\x95pickle", b"\x93\x01\x02\x03"])
def test_a_foreign_entry_is_ignored_and_rewritten(content: bytes, reader: Reader, tmp_path: Path):
    reader(Cache(tmp_path / "state"))
    entry(tmp_path).write_bytes(content)
    reader(Cache(tmp_path / "state"))
    reader(Cache(tmp_path / "state"))

    assert 2 == reader.count


def test_no_flipped_bit_of_an_entry_is_believed(reader: Reader, tmp_path: Path):
    reader(Cache(tmp_path / "state"))
    path = entry(tmp_path)
    whole = path.read_bytes()
    values = set()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        values.add(Cache(tmp_path / "state").get(str(reader.file), stamps_of([reader.file]), FACTS))

    assert {None} == values


def test_an_entry_cut_short_is_ignored(reader: Reader, tmp_path: Path):
    reader(Cache(tmp_path / "state"))
    path = entry(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])

    assert Loaded(value=Fact(name="first"), path=str(reader.file)) == reader(Cache(tmp_path / "state"))
    assert 2 == reader.count


def test_only_what_was_loaded_whole_is_kept(tmp_path: Path):
    file = tmp_path / "file"
    file.touch()
    cache = Cache(tmp_path / "state")
    damaged = Damaged(path=str(file), what="it is cut")

    assert damaged == cached(cache, file, [file], FACTS, lambda: damaged)
    assert not (tmp_path / "state").exists()


def test_without_a_cache_or_without_files_every_read_is_real(reader: Reader, tmp_path: Path):
    reader(None)
    reader(None)
    cached(Cache(tmp_path / "state"), reader.file, [tmp_path / "gone"], FACTS, reader.load)

    assert 3 == reader.count
    assert not (tmp_path / "state").exists()


def test_a_state_directory_that_cannot_be_written_is_no_failure(reader: Reader, tmp_path: Path):
    (tmp_path / "state").write_text("a file where the folder should be")
    cache = Cache(tmp_path / "state")

    assert Loaded(value=Fact(name="first"), path=str(reader.file)) == reader(cache) == reader(cache)
    assert 2 == reader.count


def test_the_cache_stays_below_its_limit_and_keeps_what_was_used_last(tmp_path: Path):
    cache = Cache(tmp_path / "state", limit=20_000)
    for i in range(40):
        cache.put(f"place {i}", (("f", i, i),), FACTS, Fact(name="x" * 1000))
        for path in (tmp_path / "state" / "cache").iterdir():
            seen = path.stat()
            os.utime(path, ns=(seen.st_mtime_ns - 1_000_000_000, seen.st_mtime_ns - 1_000_000_000))
        assert cache.get("place 0", (("f", 0, 0),), FACTS) is not None
    files = list((tmp_path / "state" / "cache").iterdir())

    assert sum(path.stat().st_size for path in files) <= 20_000
    assert cache.get("place 39", (("f", 39, 39),), FACTS) is not None
    assert cache.get("place 1", (("f", 1, 1),), FACTS) is None


def test_nothing_but_whole_entries_is_left_in_the_folder(reader: Reader, tmp_path: Path):
    reader(Cache(tmp_path / "state"))

    assert [entry(tmp_path)] == list((tmp_path / "state" / "cache").glob("fact-*.insights"))


def an_evaluation_folder(folder: Path) -> Path:
    interval = wire.confidence_interval(wire.double_value(0.25), wire.double_value(math.nan), error=wire.double_value(0.5), freedom=19)
    matrices = wire.field(5, wire.confusion_matrices(wire.confusion_matrix(0.5, tp=1.0)))
    entries = (
        metric("auc", 0.5, interval),
        metric("nan", math.nan),
        metric("matrix", matrices),
        metric("blob", wire.field(6, b"\xff\x00")),
        metric(wire.metric_key("auc", model="m", weighted=True, sub=wire.sub_key(k=1)), 1.0),
        metric("array", wire.field(7, wire.field(1, 3) + wire.field(2, 2) + wire.field(5, 1) + wire.field(5, 2))),
        metric("__ERROR__", wire.field(6, "no interval")),
    )
    where = wire.cross_slice_key(b"", slice_key(("hour", 1), ("weight", 1.0), ("text", "1")))
    records = [metrics_for_slice(b"", *entries), metrics_for_slice(where, metric("auc", 1.0), cross=True)]
    return write_tfrecord(folder / "metrics-00000-of-00001.tfrecord", records).parent


def columns(value: Evaluation) -> dict[str, object]:
    return {name: getattr(value, name) for name in Evaluation.__struct_fields__ if name != "scalars"}


def test_an_evaluation_from_the_cache_equals_the_one_that_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = an_evaluation_folder(tmp_path / "evaluation")
    read = read_evaluation(folder, cache=Cache(tmp_path / "state"))
    monkeypatch.setattr(tfma, "_load", lambda *_: pytest.fail("the file was read again"))
    again = read_evaluation(folder, cache=Cache(tmp_path / "state"))

    assert isinstance(read, Loaded)
    assert isinstance(again, Loaded)
    assert columns(read.value) == columns(again.value)
    assert read.path == again.path
    np.testing.assert_array_equal(read.value.scalars, again.value.scalars)
    assert [int, float, str] == [type(value) for _, value in again.value.slices[1].comparison.items]  # type: ignore[union-attr]
    assert not again.value.scalars.flags.writeable


def test_a_configuration_that_appears_is_seen_through_the_cache(tmp_path: Path):
    folder, cache = an_evaluation_folder(tmp_path / "evaluation"), Cache(tmp_path / "state")
    read_evaluation(folder, cache=cache)
    (folder / "eval_config.json").write_text('{"evalConfig": {}, "version": "0.47.1"}')
    outcome = read_evaluation(folder, cache=cache)

    assert isinstance(outcome, Loaded)
    assert "0.47.1" == outcome.value.config.version
