"""Discovery: what lies in a log directory is found by content; and where recorded files lie now."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import encoders as wire
import pytest
from stores import StoreBuilder
from tfdv_encoders import dataset, number_feature, statistics

from model_insights.artifacts import discovery
from model_insights.artifacts.discovery import Found, discover, parse_logdir_spec
from model_insights.artifacts.rewriting import Located, Locator, PipelineRoot, locator, split_uri
from model_insights.loaded import Absent, Damaged

STATISTICS = statistics(dataset(number_feature("price")))


def an_evaluation(folder: Path) -> Path:
    record = wire.metrics_for_slice(wire.slice_key(), wire.metric("auc", 0.75))
    return wire.write_tfrecord(folder / "metrics-00000-of-00001.tfrecord", [record]).parent


def a_file(path: Path, content: bytes | str = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def a_store(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    StoreBuilder(path).close()
    return path


def loose(found: Found, top: Path) -> list[tuple[str, str]]:
    return [(one.kind, os.path.relpath(one.path, os.path.realpath(top))) for one in found.loose]


def sentences(found: Found) -> list[str]:
    return [one.sentence for one in found.problems]


# ---- what is found ----


def test_stores_are_found_by_content_whatever_their_name_and_depth(tmp_path: Path) -> None:
    a_store(tmp_path / "a" / "b" / "c" / "anything.bin")
    a_store(tmp_path / "metadata.db")

    assert [str(tmp_path / "a/b/c/anything.bin"), str(tmp_path / "metadata.db")] == list(discover(tmp_path).stores)


def test_a_pipeline_root_is_found_by_its_numbered_output_folders(tmp_path: Path) -> None:
    for tail in ("Trainer.big/model/7", "Gen/examples/1", "Gen/examples/12", "Gen/.system/stateful/3"):
        (tmp_path / "x" / "root" / tail).mkdir(parents=True)
    (root,) = discover(tmp_path).pipeline_roots

    assert (str(tmp_path / "x" / "root"), {"Trainer.big/model/7", "Gen/examples/1", "Gen/examples/12"}) == (root.path, root.tails)


def test_the_log_directory_itself_may_be_the_pipeline_root_but_nothing_above_it(tmp_path: Path) -> None:
    an_evaluation(tmp_path / "Evaluator" / "evaluation" / "9")

    assert [str(tmp_path)] == [one.path for one in discover(tmp_path).pipeline_roots]
    assert () == discover(tmp_path / "Evaluator").pipeline_roots
    assert [("evaluation", "evaluation/9")] == loose(discover(tmp_path / "Evaluator"), tmp_path / "Evaluator")


def test_a_folder_that_happens_to_be_called_like_an_output_hides_nothing(tmp_path: Path) -> None:
    an_evaluation(tmp_path / "mine" / "model" / "1" / "eval")

    assert [("evaluation", "mine/model/1/eval")] == loose(discover(tmp_path), tmp_path)


def test_a_pipeline_root_inside_such_a_folder_is_found(tmp_path: Path) -> None:
    for tail in ("Trainer/model/7", "Gen/examples/1"):
        (tmp_path / "mine" / "model" / "1" / tail).mkdir(parents=True)

    assert [str(tmp_path), str(tmp_path / "mine/model/1")] == [one.path for one in discover(tmp_path).pipeline_roots]


def test_loose_outputs_of_every_kind_are_found_by_content(tmp_path: Path) -> None:
    an_evaluation(tmp_path / "weekly" / "one")
    a_file(tmp_path / "weekly" / "one" / "eval_config.json", '{"evalConfig": {}}')
    a_file(tmp_path / "stats" / "Split-train" / "FeatureStats.pb", STATISTICS)
    a_file(tmp_path / "mine" / "spring.pb", STATISTICS)
    wire.write_tfrecord(tmp_path / "mine" / "summer.tfrecord", [STATISTICS])
    a_file(tmp_path / "mine" / "rules.txt", 'feature { name: "price" type: FLOAT }')
    a_file(tmp_path / "mine" / "odd.pbtxt", 'anomaly_info { key: "price" value { severity: ERROR } }')
    a_file(tmp_path / "checks" / "SplitPair-train_train" / "SchemaDiff.pb", b"\x12\x00")

    assert [
        ("anomalies", "checks"), ("anomalies", "mine/odd.pbtxt"), ("schema", "mine/rules.txt"), ("statistics", "mine/spring.pb"),
        ("statistics", "mine/summer.tfrecord"), ("statistics", "stats"), ("evaluation", "weekly/one"),
    ] == loose(discover(tmp_path), tmp_path)  # fmt: skip


def test_shards_of_one_output_are_one(tmp_path: Path) -> None:
    for shard in range(3):
        wire.write_tfrecord(tmp_path / "all" / f"FeatureStats-{shard:05d}-of-00003", [STATISTICS])

    assert [("statistics", "all")] == loose(discover(tmp_path), tmp_path)


def test_what_is_not_ours_is_not_taken_for_ours(tmp_path: Path) -> None:
    wire.write_tfrecord(tmp_path / "train" / "events.out.tfevents.1700000000.host", [b"\x09\x00\x00\x00\x00\x00\x00\xf0\x3f"])
    a_file(tmp_path / "notes.txt", "feature freeze on Monday")
    a_file(tmp_path / "metrics.txt", "auc 0.7")
    wire.write_tfrecord(tmp_path / "Split-train" / "data_tfrecord-00000-of-00001.gz", [b"\x0a\x00"], compress=True)
    a_file(tmp_path / "model" / "saved_model.pb", STATISTICS)
    a_file(tmp_path / "model" / "assets" / "schema.pbtxt", 'feature { name: "x" }')
    a_file(tmp_path / ".hidden" / "FeatureStats.pb", STATISTICS)

    assert discover(tmp_path).is_empty


# ---- what is said ----


def test_an_empty_log_directory_says_what_was_looked_for(tmp_path: Path) -> None:
    assert [
        f"No pipelines under {tmp_path}: none of its 1 folders holds an ML Metadata SQLite file, a TFX pipeline root, "
        "or output of TFMA or TFDV. Point --logdir at a folder above metadata.db and the pipeline root."
    ] == sentences(discover(tmp_path))


def test_a_missing_and_a_remote_log_directory_are_said() -> None:
    assert ["No pipelines under /no/such/place: there is no such folder. Check the path given to --logdir."] == sentences(
        discover("/no/such/place")
    )
    assert [
        "No pipelines under gs://bucket/runs: remote folders are not searched. "
        "Copy the pipeline's outputs and ML Metadata file to a local folder."
    ] == sentences(discover("gs://bucket/runs"))


def test_a_foreign_sqlite_file_and_a_store_that_is_none_are_said(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "mlflow.db") as db:
        db.execute("CREATE TABLE runs (id INT)")
    db.close()
    a_file(tmp_path / "metadata.db", "<html>")
    found = discover(tmp_path)

    assert () == found.stores
    assert (
        Damaged(path=str(tmp_path / "metadata.db"), what="it is not a SQLite file", remedy="Restore the file from a backup.")
        in found.problems
    )
    assert any("mlflow.db: it is a SQLite file without ML Metadata's tables" in one for one in sentences(found))


def test_a_truncated_store_is_still_a_store(tmp_path: Path) -> None:
    path = a_store(tmp_path / "metadata.db")
    os.truncate(path, path.stat().st_size - 100)

    assert (str(path),) == discover(tmp_path).stores


def test_links_are_not_followed_and_those_that_lead_outside_are_said(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    a_store(outside / "metadata.db")
    a_store(inside / "real" / "metadata.db")
    (inside / "away").symlink_to(outside)
    (inside / "metadata.db").symlink_to(outside / "metadata.db")
    (inside / "again").symlink_to(inside / "real")
    (inside / "loop").symlink_to(inside)
    found = discover(inside)

    assert (str(inside / "real" / "metadata.db"),) == found.stores
    assert [
        f"No content behind links: {inside}/away, {inside}/metadata.db lead outside the log directory. "
        "Name their targets in insights.roots to read them."
    ] == sentences(found)


def test_the_search_is_bounded_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        (tmp_path / f"{number}").mkdir()
    a_store(tmp_path / "metadata.db")
    monkeypatch.setattr(discovery, "_MAX_FOLDERS", 10)
    found = discover(tmp_path)

    assert (str(tmp_path / "metadata.db"),) == found.stores
    assert [f"No rest of {tmp_path}: the search stopped after 10 folders. Point --logdir closer to the pipelines."] == sentences(found)


def test_a_folder_that_cannot_be_listed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    a_store(tmp_path / "metadata.db")
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = discover(tmp_path)

    assert (str(tmp_path / "metadata.db"),) == found.stores
    assert [f"No content of {tmp_path}/closed: the folder cannot be listed (Permission denied). Check its permissions."] == sentences(found)


# ---- several folders ----


def test_a_logdir_spec_is_parsed_as_tensorboard_does() -> None:
    assert (("a", "/x"), ("", "/y:z"), ("", "gs://bucket/k"), ("b", "rel"), ("", "plain")) == parse_logdir_spec(
        "a:/x,/y:z,gs://bucket/k, b:rel ,plain,"
    )


def test_every_folder_of_a_spec_is_searched_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        a_store(tmp_path / name / "metadata.db")
    found = discover(f"first:{tmp_path}/one,{tmp_path}/two,again:{tmp_path}/one")

    assert ["first", "", "again"] == [one.name for one in found.logdirs]
    assert [f"{tmp_path}/one/metadata.db", f"{tmp_path}/two/metadata.db"] == list(found.stores)


def test_a_folder_whose_name_has_a_comma_is_one_folder(tmp_path: Path) -> None:
    a_store(tmp_path / "a,b" / "metadata.db")

    assert (str(tmp_path / "a,b" / "metadata.db"),) == discover(tmp_path / "a,b").stores


def test_configured_roots_are_searched_too(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "elsewhere" / "Trainer" / "model" / "1").mkdir(parents=True)
    found = discover(tmp_path / "log", roots=[str(tmp_path / "elsewhere")])

    assert ([str(tmp_path / "elsewhere")], (str(tmp_path / "elsewhere"),)) == ([one.path for one in found.pipeline_roots], found.roots)


def test_the_real_runs_are_found(runs: Path) -> None:
    found = discover(runs)

    assert [str(runs / family / "metadata.db") for family in ("shoes", "taxi")] == list(found.stores)
    assert [str(runs / family / "pipeline") for family in ("shoes", "taxi")] == [one.path for one in found.pipeline_roots]
    assert {"schema"} == {one.kind for one in found.loose}


# ---- where recorded files lie now ----


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/srv/tfx/p/Trainer/model/7", ("/srv/tfx/p", "Trainer/model/7")),
        ("gs://bucket/p/Trainer/model/7/", ("gs://bucket/p", "Trainer/model/7")),
        ("/srv/p/Node/key/3/value", ("/srv/p", "Node/key/3/value")),
        ("C:\\tfx\\p\\Trainer\\model\\7", ("C:/tfx/p", "Trainer/model/7")),
        ("./tfx-vol/p/Trainer/model/7", ("./tfx-vol/p", "Trainer/model/7")),
        ("/data/external.csv", ("", "")),
        ("/srv/p/../model/7", ("", "")),
        ("", ("", "")),
    ],
)
def test_a_uri_parts_into_root_and_tail(uri: str, expected: tuple[str, str]) -> None:
    assert expected == split_uri(uri)


def a_locator(*uris: str, store: Path, roots: tuple[Path, ...] = (), allowed: Path, **options: object) -> Locator:
    found = discover(allowed, roots=[str(one) for one in roots]).pipeline_roots
    return locator(uris, store_folder=str(store), roots=found, allowed=[str(allowed), *(str(one) for one in roots)], **options)  # type: ignore[arg-type]


def test_files_are_found_below_the_folders_next_to_the_store(tmp_path: Path) -> None:
    (tmp_path / "renamed" / "Trainer" / "model" / "7").mkdir(parents=True)
    where = a_locator("/srv/tfx/p/Trainer/model/7", store=tmp_path, allowed=tmp_path)

    assert Located(path=f"{tmp_path}/renamed/Trainer/model/7") == where.locate("/srv/tfx/p/Trainer/model/7")
    assert Located(path="", reason="/srv/tfx/p/Trainer/model/8 is not there, nor below the log directory") == where.locate(
        "/srv/tfx/p/Trainer/model/8"
    )


def test_files_that_lie_where_recorded_are_used(tmp_path: Path) -> None:
    (tmp_path / "p" / "Trainer" / "model" / "7").mkdir(parents=True)
    (tmp_path / "other" / "data").mkdir(parents=True)
    where = a_locator(f"{tmp_path}/p/Trainer/model/7", store=tmp_path, allowed=tmp_path)

    assert f"{tmp_path}/p/Trainer/model/7" == where.locate(f"{tmp_path}/p/Trainer/model/7").path
    assert f"{tmp_path}/other/data" == where.locate(f"{tmp_path}/other/data").path
    assert f"{tmp_path}/other/data" == where.locate("other/data").path
    assert f"{tmp_path}/other/data" == where.locate(f"file://{tmp_path}/other/data").path


def test_an_existing_place_outside_the_log_directory_is_refused_with_the_key_that_allows_it(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    outside = tmp_path / "secret" / "Trainer" / "model" / "7"
    outside.mkdir(parents=True)
    refused = a_locator(str(outside), store=tmp_path / "log", allowed=tmp_path / "log")
    allowed = a_locator(str(outside), store=tmp_path / "log", allowed=tmp_path / "log", roots=(tmp_path / "secret",))

    assert Located(path="", reason=f"{outside} lies outside the log directory; name its folder in insights.roots to read it") == (
        refused.locate(str(outside))
    )
    assert str(outside) == allowed.locate(str(outside)).path


@pytest.mark.parametrize("uri", ["../secret/x", "a/../../secret/x", "link/x", "link"])
def test_no_dots_and_no_link_lead_out_of_the_log_directory(uri: str, tmp_path: Path) -> None:
    (tmp_path / "log" / "a").mkdir(parents=True)
    (tmp_path / "secret" / "x").mkdir(parents=True)
    (tmp_path / "log" / "link").symlink_to(tmp_path / "secret")
    found = a_locator(uri, store=tmp_path / "log", allowed=tmp_path / "log").locate(uri)

    assert "" == found.path
    assert "lies outside the log directory" in found.reason


def test_a_configured_prefix_is_followed_from_the_folder_of_the_store_upwards(tmp_path: Path) -> None:
    (tmp_path / "moved" / "x").mkdir(parents=True)
    (tmp_path / "away" / "y").mkdir(parents=True)
    (tmp_path / "log" / "deep").mkdir(parents=True)
    (tmp_path / "log" / "kept" / "z").mkdir(parents=True)
    moves = [("gs://b/", str(tmp_path / "moved")), ("gs://b/special", str(tmp_path / "away")), ("/srv", "kept")]
    where = a_locator(store=tmp_path / "log" / "deep", allowed=tmp_path / "log", rewrite=moves)

    assert [f"{tmp_path}/moved/x", f"{tmp_path}/away/y", f"{tmp_path}/log/kept/z", ""] == [
        where.locate(uri).path for uri in ("gs://b/x", "gs://b/special/y", "/srv/z", "/srvs/z")
    ]


def test_the_root_of_another_pipeline_is_never_taken_though_it_holds_the_same_numbers(tmp_path: Path) -> None:
    """Execution ids begin at 1 in every store."""
    for name in ("shoes", "taxi"):
        (tmp_path / name / "pipeline" / "Trainer" / "model" / "1").mkdir(parents=True)
    roots = discover(tmp_path).pipeline_roots
    for name, other in (("shoes", "taxi"), ("taxi", "shoes")):
        where = locator(
            [f"/srv/{name}/pipeline/Trainer/model/1"], store_folder=f"{tmp_path}/{name}", other_stores=[f"{tmp_path}/{other}"],
            roots=roots, allowed=[str(tmp_path)],
        )  # fmt: skip

        assert f"{tmp_path}/{name}/pipeline/Trainer/model/1" == where.locate(f"/srv/{name}/pipeline/Trainer/model/1").path
    gone = locator(
        ["/srv/gone/pipeline/Trainer/model/1"], store_folder=f"{tmp_path}/gone", other_stores=[f"{tmp_path}/shoes", f"{tmp_path}/taxi"],
        roots=roots, allowed=[str(tmp_path)],
    )  # fmt: skip

    assert "" == gone.locate("/srv/gone/pipeline/Trainer/model/1").path


def test_stores_and_roots_in_separate_trees_are_matched_by_their_names(tmp_path: Path) -> None:
    """~/tfx/metadata/<pipeline>/metadata.db beside ~/tfx/pipelines/<pipeline>, TFX's own suggestion."""
    for name in ("penguin", "taxi"):
        (tmp_path / "pipelines" / name / "Trainer" / "model" / "1").mkdir(parents=True)
    where = locator(
        ["/home/u/tfx/pipelines/taxi/Trainer/model/1"], store_folder=f"{tmp_path}/metadata/taxi",
        other_stores=[f"{tmp_path}/metadata/penguin"], roots=discover(tmp_path).pipeline_roots, allowed=[str(tmp_path)],
    )  # fmt: skip

    assert f"{tmp_path}/pipelines/taxi/Trainer/model/1" == where.locate("/home/u/tfx/pipelines/taxi/Trainer/model/1").path


def test_of_two_equal_candidates_none_is_taken_and_both_are_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "Trainer" / "model" / "1").mkdir(parents=True)
    found = a_locator("/srv/p/Trainer/model/1", store=tmp_path, allowed=tmp_path).locate("/srv/p/Trainer/model/1")

    assert Located(path="", reason=f"/srv/p may be {tmp_path}/a or {tmp_path}/b now; say which under [insights.rewrite]") == found


def test_the_root_with_more_of_the_outputs_is_taken() -> None:
    roots = (
        PipelineRoot(path="/l/a", tails=frozenset({"T/model/1"})),
        PipelineRoot(path="/l/b", tails=frozenset({"T/model/1", "T/model/2"})),
    )
    where = locator(["/srv/p/T/model/1", "/srv/p/T/model/2"], store_folder="/l", roots=roots, allowed=["/l"])

    assert "/l/b/T/model/1" == where.locate("/srv/p/T/model/1").path


def test_a_value_artifact_keeps_its_last_step() -> None:
    root = PipelineRoot(path="/l/a", tails=frozenset({"N/key/3"}))
    where = locator(["/srv/p/N/key/3/value"], store_folder="/l", roots=(root,), allowed=["/l"])

    assert "/l/a/N/key/3/value" == where.locate("/srv/p/N/key/3/value").path


def test_absence_is_a_value_of_its_own(tmp_path: Path) -> None:
    assert isinstance(discover(tmp_path).problems[0], Absent)
