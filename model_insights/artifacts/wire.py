"""Takes many protobuf messages apart at once: a step of numpy per field, where a parser makes objects for every message.

Source: protobuf's encoding (tag = field number << 3 | wire type; lengths are varints). Only fields 1 to 15 and short numbers are walked
over: whatever else comes raises Unusual, and then a real parser has to read the messages, or to say what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]
_VARINT, _BYTES, _SINGLE = 0, 2, 5  # wire types
_LONGEST = 5  # bytes of a varint that are read; 7 lie in the word behind the tag


class Unusual(ValueError):
    """The messages are damaged, or in a form that only a parser reads."""


class Fields(NamedTuple):
    """Fields of several messages: the number of the message, the tag, and where the content lies. A message's fields are in its order."""

    owner: Places
    tag: Places
    start: Places
    stop: Places

    def tagged(self, tag: int) -> Fields:
        """Those of one tag."""
        return self.take(self.tag == tag)

    def take(self, which: NDArray[Any]) -> Fields:
        """Those at these places, or where the mask is true."""
        return Fields(*(one[which] for one in self))


class Wire:
    """Bytes that hold messages; `start` and `stop` [messages] say where each lies."""

    def __init__(self, data: bytes) -> None:
        padded = data + bytes(16)  # so that a word may be read anywhere
        self.data = data
        self.bytes = np.frombuffer(padded, np.uint8)
        self.words: NDArray[np.uint64] = np.ndarray((len(data) + 8,), "<u8", buffer=padded, strides=(1,))  # the word at every byte

    def fields(self, start: Places, stop: Places, known: Collection[int]) -> Fields:
        """The fields of every message, those of one message in its order. Raises Unusual where a tag is none of `known`."""
        allowed = np.zeros(256, np.bool_)
        allowed[list(known)] = True
        rounds: list[Fields] = []
        owner = np.arange(len(start))
        while True:
            live = start < stop
            if not live.all():
                owner, start, stop = owner[live], start[live], stop[live]
            if not len(owner):
                break
            tag, begin, end = self._step(start, stop)
            if not allowed[tag].all():
                raise Unusual("a field that is not read here")
            rounds.append(Fields(owner, tag, begin, end))
            start = end
        if len(rounds) < 2:
            return rounds[0] if rounds else _NONE
        return Fields(*(np.concatenate(parts) for parts in zip(*rounds, strict=True)))

    def numbers(self, start: Places, stop: Places) -> Places:
        """The number of each varint of up to five bytes."""
        value, used = varints(self.words[start])
        if (start + used != stop).any():
            raise Unusual("a number of another length")
        return value

    def equal(self, start: Places, text: bytes) -> NDArray[np.bool_]:
        """Where these bytes stand at `start`."""
        same = np.ones(len(start), np.bool_)
        for at in range(0, len(text), 8):
            part = text[at : at + 8]
            mask = np.uint64((1 << 8 * len(part)) - 1)
            same &= (self.words[start + at] & mask) == np.uint64(int.from_bytes(part, "little"))
        return same

    def _step(self, start: Places, stop: Places) -> tuple[Places, Places, Places]:
        """(tag, start, stop) of the field at `start`."""
        word = self.words[start]
        tag = (word & np.uint64(0xFF)).astype(np.int64)
        number, used = varints(word >> np.uint64(8))
        kind = tag & 7
        if (kind == _BYTES).all():
            begin = start + 1 + used
            end = begin + number
        elif ((kind == _BYTES) | (kind == _VARINT) | (kind == _SINGLE)).all():
            begin = start + 1 + np.where(kind == _BYTES, used, 0)
            end = begin + np.where(kind == _BYTES, number, np.where(kind == _VARINT, used, 4))
        else:
            raise Unusual("a kind of field that is not read here")
        if (end > stop).any():
            raise Unusual("a field that is longer than its message")
        return tag, begin, end


_NONE = Fields(*(np.empty(0, np.int64) for _ in range(4)))


def varints(word: NDArray[np.uint64]) -> tuple[Places, Places]:
    """(number, bytes used) of the varint that begins each word. Raises Unusual for one of more than five bytes."""
    number = (word & np.uint64(0x7F)).astype(np.int64)
    used = np.ones(len(word), np.int64)
    on = (word & np.uint64(0x80)) != 0
    for place in range(1, _LONGEST):
        if not on.any():
            break
        byte = (word >> np.uint64(8 * place)).astype(np.int64) & 0xFF
        number |= np.where(on, (byte & 0x7F) << 7 * place, 0)
        used += on
        on = on & (byte >= 0x80)
    if on.any():
        raise Unusual("a longer number")
    return number, used


def one_each(found: Fields, count: int) -> tuple[Places, Places]:
    """(start, stop) of the only field of every message. Raises Unusual where a message has none or several."""
    if len(found.owner) != count or (np.bincount(found.owner, minlength=count) != 1).any():
        raise Unusual("a field that is not there once")
    start, stop = np.empty(count, np.int64), np.empty(count, np.int64)
    start[found.owner], stop[found.owner] = found.start, found.stop
    return start, stop
