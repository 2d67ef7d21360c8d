"""Finished answers, kept compressed until the log directory changes."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

KEEP_ANSWERS = 128
KEEP_BYTES = 32_000_000  # compressed


@dataclass(frozen=True)
class Answer:
    """An HTTP status and its JSON. `zipped` bodies are gzip already: they are kept and sent as they are."""

    code: int
    body: bytes
    zipped: bool = False


class Kept:
    """Answers of one generation, the least recently used dropped first. Equal questions at the same time are computed once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()
        self._working: dict[bytes, threading.Lock] = {}
        self._generation = -1
        self._size = 0

    def get(self, generation: int, key: bytes, compute: Callable[[], bytes]) -> Answer:
        """The answer kept for `key`, or the one `compute` gives now."""
        with self._lock:
            self._turn_to(generation)
            known = self._known(key)
            if known is not None:
                return known
            working = self._working.setdefault(key, threading.Lock())
        with working:
            try:
                return self._work(generation, key, compute)
            finally:
                with self._lock:
                    self._working.pop(key, None)

    def _work(self, generation: int, key: bytes, compute: Callable[[], bytes]) -> Answer:
        with self._lock:
            known = self._known(key)
        if known is not None:  # somebody computed it while we waited for our turn
            return known
        answer = Answer(200, gzip.compress(compute(), compresslevel=6, mtime=0), zipped=True)
        with self._lock:
            self._keep(generation, key, answer)
        return answer

    def _turn_to(self, generation: int) -> None:
        if generation > self._generation:
            self._answers.clear()
            self._working.clear()
            self._generation, self._size = generation, 0

    def _known(self, key: bytes) -> Answer | None:
        if key in self._answers:
            self._answers.move_to_end(key)
        return self._answers.get(key)

    def _keep(self, generation: int, key: bytes, answer: Answer) -> None:
        if generation != self._generation or key in self._answers:
            return
        self._answers[key] = answer
        self._size += len(answer.body)
        while len(self._answers) > KEEP_ANSWERS or self._size > KEEP_BYTES:
            _, dropped = self._answers.popitem(last=False)
            self._size -= len(dropped.body)
