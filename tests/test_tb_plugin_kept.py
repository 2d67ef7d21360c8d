"""Keeping finished answers."""

from __future__ import annotations

import gzip
import threading

import pytest

from tb_plugin import kept
from tb_plugin.kept import Kept


def test_questions_at_the_same_time_are_computed_once():
    answers, computed, gate = Kept(), [], threading.Event()

    def compute():
        computed.append(1)
        assert gate.wait(10)
        return b"answer"

    bodies: list[bytes] = []
    askers = [threading.Thread(target=lambda: bodies.append(gzip.decompress(answers.get(1, b"key", compute).body))) for _ in range(8)]
    for asker in askers:
        asker.start()
    gate.set()
    for asker in askers:
        asker.join()

    assert ([1], [b"answer"] * 8) == (computed, bodies)


def test_a_question_that_failed_may_be_asked_again():
    answers = Kept()
    with pytest.raises(ZeroDivisionError):
        answers.get(1, b"key", lambda: b"%d" % (1 // 0))

    assert b"now" == gzip.decompress(answers.get(1, b"key", lambda: b"now").body)


def test_the_longest_unused_answer_goes_first(monkeypatch):
    monkeypatch.setattr(kept, "KEEP_ANSWERS", 2)
    answers = Kept()
    for key in (b"a", b"b", b"a", b"c"):  # b was not asked for since
        answers.get(1, key, lambda: b"first")

    found = {key: gzip.decompress(answers.get(1, key, lambda: b"second").body) for key in (b"a", b"c", b"b")}

    assert {b"a": b"first", b"c": b"first", b"b": b"second"} == found


def test_no_more_bytes_are_kept_than_allowed(monkeypatch):
    monkeypatch.setattr(kept, "KEEP_BYTES", 200)
    answers = Kept()
    for number in range(20):
        answers.get(1, b"%d" % number, lambda: b"x" * 1000)

    assert 200 >= sum(len(answer.body) for answer in answers._answers.values()) == answers._size > 0


def test_an_answer_of_an_older_generation_is_not_kept():
    answers = Kept()
    answers.get(2, b"new", lambda: b"new")

    answers.get(1, b"key", lambda: b"old")

    assert b"current" == gzip.decompress(answers.get(2, b"key", lambda: b"current").body)
