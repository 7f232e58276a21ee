"""Reading short replies: a fixed list of words (replies.yaml), the same answer for the same text, and a person for everything else.

Words: an *intent* is what a reply asks for; `answer` is any other reply. Does not apply anything (services.inbox does).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

ANSWER = "answer"
# One slip is forgiven in words of at least so many letters.
LONG_WORD = 6
_FOLDS = (
    (re.compile(r"([a-zñ])\1{2,}"), r"\1"), (re.compile("ch"), "ĉ"), (re.compile("h"), ""), (re.compile("ĉ"), "ch"), (re.compile("ll"), "y"),
    (re.compile("qu(?=[ei])|k"), "c"), (re.compile("[cz](?=[ei])|z"), "s"), (re.compile("c(?=[ei])"), "s"), (re.compile("v|w"), "b"),
    (re.compile("g(?=[ei])"), "j"), (re.compile("gu(?=[ei])"), "g"), (re.compile(r"y\b"), "i"), (re.compile(r"(.)\1"), r"\1"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Intent:
    code: str
    longest: int
    alone: tuple[tuple[str, ...], ...]
    says: tuple[tuple[str, ...], ...]
    unless: tuple[tuple[str, ...], ...]


def recognise(text: str) -> str:
    """opt_out, wrong_party, payment_claim, dispute, callback, human, or answer."""
    words = tokens(text)
    bare = _without(words, _courtesies())
    for intent in _intents():
        if len(words) > intent.longest or any(_holds(words, phrase) for phrase in intent.unless):
            continue
        if any(_same(bare, phrase) for phrase in intent.alone) or any(_holds(words, phrase) for phrase in intent.says):
            return intent.code
    return ANSWER


def tokens(text: str) -> tuple[str, ...]:
    """Words in lower case, without accents or punctuation (ñ stays), with the spellings that people confuse made one."""
    flat = unicodedata.normalize("NFKD", text.lower().replace("ñ", "\x00"))
    plain = "".join(c if c.isalnum() or c == "\x00" else " " for c in flat if not unicodedata.combining(c)).replace("\x00", "ñ")
    return tuple(_folded(word) for word in plain.split())


@cache
def _folded(word: str) -> str:
    for pattern, instead in _FOLDS:
        word = pattern.sub(instead, word)
    return word


def _same(words: Sequence[str], phrase: Sequence[str]) -> bool:
    return len(words) == len(phrase) and all(map(_close, words, phrase))


def _holds(words: Sequence[str], phrase: Sequence[str]) -> bool:
    return any(_same(words[start : start + len(phrase)], phrase) for start in range(len(words) - len(phrase) + 1))


def _close(said: str, meant: str) -> bool:
    """Equal, or one letter off in a long word (changed, missing, added, or two that changed places)."""
    if said == meant:
        return True
    if min(len(said), len(meant)) < LONG_WORD - 1 or max(len(said), len(meant)) < LONG_WORD or abs(len(said) - len(meant)) > 1:
        return False
    start = next((n for n, (a, b) in enumerate(zip(said, meant, strict=False)) if a != b), min(len(said), len(meant)))
    rest, other = said[start:], meant[start:]
    if len(said) == len(meant):
        return rest[1:] == other[1:] or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    return rest[1:] == other if len(said) > len(meant) else rest == other[1:]


def _without(words: Sequence[str], courtesies: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """The words without the courtesies at either end."""
    left = tuple(words)
    changed = True
    while changed and left:
        changed = False
        for phrase in courtesies:
            size = len(phrase)
            if len(left) > size and left[:size] == phrase:
                left, changed = left[size:], True
            if len(left) > size and left[-size:] == phrase:
                left, changed = left[:-size], True
    return left


@cache
def _book() -> Any:
    return yaml.safe_load(resources.files("recaudo.messaging").joinpath("replies.yaml").read_text(encoding="utf-8"))


@cache
def _courtesies() -> tuple[tuple[str, ...], ...]:
    return _phrases(_book()["courtesies"])


@cache
def _intents() -> tuple[_Intent, ...]:
    return tuple(
        _Intent(one["code"], one["longest"], _phrases(one["alone"]), _phrases(one["says"]), _phrases(one.get("unless", ())))
        for one in _book()["intents"]
    )


def _phrases(texts: Sequence[Any]) -> tuple[tuple[str, ...], ...]:
    return tuple(dict.fromkeys(tokens(str(text)) for text in texts))
