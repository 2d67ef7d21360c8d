"""Looking at a log directory without reading it."""

from __future__ import annotations

import os

import pytest

from tb_plugin import watch


def glance(*roots, seconds=5.0):
    return watch.glance(tuple(str(root) for root in roots), seconds=seconds)


@pytest.mark.parametrize(
    "name",
    [
        "insights.toml",
        "eval_config.json",
        "FeatureStats.pb",
        "SchemaDiff.pb",
        "stats_tfrecord-00000-of-00001",
        "metrics-00000-of-00001.tfrecord",
        "metrics",
        "anomalies.pbtxt",
    ],
)
def test_a_file_named_like_those_of_tfx_is_found_however_deep(tmp_path, name):
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    (folder / name).touch()

    assert "found" == glance(tmp_path)


def test_a_store_is_told_by_its_first_bytes(tmp_path):
    (tmp_path / "metadata.db").write_bytes(b"SQLite format 3\x00 and more")

    assert "found" == glance(tmp_path)


def test_a_file_that_only_ends_like_a_store_is_nothing(tmp_path):
    (tmp_path / "thumbs.db").write_bytes(b"something else")

    assert "nothing" == glance(tmp_path)


def test_an_ordinary_tensorboard_directory_is_nothing(tmp_path):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "events.out.tfevents.1717000000.host").touch()

    assert "nothing" == glance(tmp_path)


def test_a_directory_that_is_not_there_is_nothing(tmp_path):
    assert "nothing" == glance(tmp_path / "later")


def test_a_remote_directory_is_not_listed_for_a_glance():
    assert "unsure" == glance("gs://bucket/runs")


def test_when_the_time_is_up_nobody_knows(tmp_path):
    for number in range(3):
        (tmp_path / f"events.{number}").touch()

    assert "unsure" == glance(tmp_path, seconds=-1.0)


def test_links_that_form_a_ring_end(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "back").symlink_to(tmp_path, target_is_directory=True)

    assert "nothing" == glance(tmp_path)


def test_a_linked_folder_is_looked_into(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "FeatureStats.pb").touch()
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "linked").symlink_to(elsewhere, target_is_directory=True)

    assert "found" == glance(logs)


def test_the_fingerprint_stays_while_nothing_happens(tmp_path):
    (tmp_path / "a").write_text("1")

    assert watch.fingerprint((str(tmp_path),)) == watch.fingerprint((str(tmp_path),))


def append(folder):
    (folder / "a").write_text("12")


def touch(folder):
    os.utime(folder / "a", ns=(1, 1))


def remove(folder):
    (folder / "a").unlink()


def add(folder):
    (folder / "b").touch()


def configure(folder):
    (folder.parent / "insights.toml").write_text("[insights]")


@pytest.mark.parametrize("change", [append, touch, remove, add, configure])
def test_the_fingerprint_changes_with_any_file(tmp_path, change):
    logs, config = tmp_path / "logs", str(tmp_path / "insights.toml")
    logs.mkdir()
    (logs / "a").write_text("1")
    before = watch.fingerprint((str(logs),), (config,))

    change(logs)

    assert before != watch.fingerprint((str(logs),), (config,))


def test_a_dangling_link_is_no_reason_to_fail(tmp_path):
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")

    assert watch.fingerprint((str(tmp_path),)) == watch.fingerprint((str(tmp_path),))
