"""Reads and writes `or=(kind.eq.procurement,and(topic.eq.semiconductors,initiative.eq.trust))`."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from app.core.filters import OPERATORS, Parameter

DEEPEST = 4
MOST = 40
LEAF = re.compile(r"([a-z_]+(?:\.[a-z_]+)??)\.(eq|" + "|".join(name for name in OPERATORS if name) + r")\.")


@dataclass(frozen=True)
class Wanted:
    """One filter parameter with its parsed values."""

    parameter: Parameter
    values: tuple[Any, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Conditions of which any, or all, must hold."""

    either: bool
    parts: tuple["Wanted | Group", ...]


Leaf = Callable[[str, str, str], Wanted | None]
"""Makes a condition of a name, an operator and a value."""


class Unreadable(Exception):
    """The text is not a condition."""

    def __init__(self, reason: str, words: str):
        super().__init__(words)
        self.reason = reason


def read(text: str, leaf: Leaf) -> Group:
    """The group that a text in brackets stands for. Raises Unreadable."""
    reader = _Reader(text, leaf)
    group = reader.group(either=True, depth=1)
    if reader.at != len(text):
        raise Unreadable("bad_condition", f"something stands after the closing bracket, at character {reader.at + 1}")
    return group


class _Reader:
    """Walks over a text from left to right."""

    def __init__(self, text: str, leaf: Leaf):
        self.text, self.leaf, self.at, self.count = text, leaf, 0, 0

    def group(self, *, either: bool, depth: int) -> Group:
        """`(part,part,...)`"""
        if depth > DEEPEST:
            raise Unreadable("too_complex", f"brackets are nested deeper than {DEEPEST}")
        self.expect("(")
        parts = []
        while True:
            part = self.part(depth)
            if part is not None:
                parts.append(part)
            if not self.text.startswith(",", self.at):
                break
            self.at += 1
        self.expect(")")
        return Group(either, tuple(parts))

    def part(self, depth: int) -> Wanted | Group | None:
        """`or(...)`, `and(...)` or `name.operator.value`"""
        for word in ("or", "and"):
            if self.text.startswith(f"{word}(", self.at):
                self.at += len(word)
                return self.group(either=word == "or", depth=depth + 1)
        match = LEAF.match(self.text, self.at)
        if match is None:
            raise Unreadable("bad_condition", f"no name.operator.value stands at character {self.at + 1}")
        self.count += 1
        if self.count > MOST:
            raise Unreadable("too_complex", f"there are more than {MOST} conditions")
        self.at = match.end()
        return self.leaf(match[1], match[2], self.value())

    def value(self) -> str:
        """Up to the next comma or bracket, or in double quotes."""
        pattern = r'"((?:[^"\\]|\\.)*)"' if self.text.startswith('"', self.at) else r"([^,()]*)"
        match = re.compile(pattern).match(self.text, self.at)
        if match is None:
            raise Unreadable("bad_condition", f"the quotes that open at character {self.at + 1} are not closed")
        self.at = match.end()
        return re.sub(r"\\(.)", r"\1", match[1])

    def expect(self, sign: str) -> None:
        """Step over one character."""
        if not self.text.startswith(sign, self.at):
            raise Unreadable("bad_condition", f"`{sign}` is missing at character {self.at + 1}")
        self.at += 1


def leaves(group: Group) -> Iterator[Wanted]:
    """Every condition inside a group."""
    for part in group.parts:
        if isinstance(part, Group):
            yield from leaves(part)
        else:
            yield part


def write(group: Group) -> str:
    """The text of a group."""
    return "(" + ",".join(_part(part) for part in group.parts) + ")"


def _part(part: Wanted | Group) -> str:
    if isinstance(part, Group):
        return ("or" if part.either else "and") + write(part)
    name, operator = part.parameter.name, part.parameter.operator
    base = name.removesuffix(f"__{operator}") if operator in OPERATORS and operator else name
    text = str(part.texts[0])
    if not re.fullmatch(r"[^,()\"\\]+", text):
        text = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{base}.{operator if operator in OPERATORS and operator else 'eq'}.{text}"
