"""Full-text search: one tokenizer and one query language, so that both databases find and order the same.

FTS5 and tsvector get tokens of ours and add none of their own: a record is one row of tokens in order, and a question
is one boolean expression over such tokens, written out for each of them. Besides its words a row has marked tokens:

    #equipment    the record type, so that a list of one type searches among its own
    =f35          a name (id, acronym, alias, symbol) written as one word: the question names the record
    ~f ~35        the words of names and titles: the question is about the record
    |             the end of a text, over which no phrase reaches
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any, Protocol

from sqlmodel import SQLModel

from app.core.fields import Provenance, provenance
from app.core.record import COMMON, EVIDENCE
from app.core.values import clean, fold

LONGEST = 200
"""Characters of a question."""
LONGEST_TOKEN = 100
LONGEST_KEY = 40
"""Characters of a name or title that type-ahead compares."""
MOST_TOKENS = 16_000
"""Words of one record that are indexed; a tsvector counts positions to 16,383."""
MOST_REPEATS = 250
"""How often one word of one record is indexed; a tsvector keeps 255 places of it."""
MOST_STARTS = 12
"""Words of a title at which type-ahead finds it."""

BINDING = frozenset("-‐‑‒–.'’_&·")
"""What holds the parts of a compound together: `F-35`, `co-production`, `U.S.`"""
SIGNS = str.maketrans("“”„«»()[]{}", '"""""      ')
"""Signs that stand for another one, or for nothing, in a question."""

_ENDINGS = {
    "ise": "ize", "ises": "izes", "ised": "ized", "ising": "izing", "iser": "izer", "isers": "izers",
    "isation": "ization", "isations": "izations", "isational": "izational",
}  # fmt: skip
_STEMS = [
    "central",
    "commercial",
    "digital",
    "final",
    "formal",
    "global",
    "harmon",
    "industrial",
    "liberal",
    "local",
    "material",
    "maxim",
    "minim",
    "mobil",
    "modern",
    "monet",
    "national",
    "neutral",
    "normal",
    "optim",
    "organ",
    "prior",
    "privat",
    "recogn",
    "regular",
    "revital",
    "social",
    "special",
    "standard",
    "stabil",
    "summar",
    "synchron",
    "util",
    "visual",
]
_PAIRS = {
    "defence": "defense", "defences": "defenses", "offence": "offense", "offences": "offenses",
    "licence": "license", "licences": "licenses", "practise": "practice", "practised": "practiced",
    "aluminium": "aluminum", "sulphur": "sulfur", "caesium": "cesium", "sulphide": "sulfide", "sulphate": "sulfate",
    "programme": "program", "programmes": "programs", "armour": "armor", "armoured": "armored",
    "labour": "labor", "favour": "favor", "favoured": "favored", "favourable": "favorable", "colour": "color",
    "harbour": "harbor", "harbours": "harbors", "neighbour": "neighbor", "neighbours": "neighbors",
    "neighbouring": "neighboring", "behaviour": "behavior", "endeavour": "endeavor", "honour": "honor",
    "rigour": "rigor", "vapour": "vapor", "centre": "center", "centres": "centers", "fibre": "fiber",
    "fibres": "fibers", "metre": "meter", "metres": "meters", "litre": "liter", "litres": "liters",
    "tonne": "ton", "tonnes": "tons", "catalogue": "catalog", "catalogues": "catalogs", "dialogue": "dialog",
    "dialogues": "dialogs", "analogue": "analog", "catalyse": "catalyze", "catalysed": "catalyzed",
    "catalysing": "catalyzing", "analyse": "analyze", "analysed": "analyzed", "analysing": "analyzing",
    "fuelled": "fueled", "fuelling": "fueling", "labelled": "labeled", "labelling": "labeling",
    "modelled": "modeled", "modelling": "modeling", "travelling": "traveling", "signalling": "signaling",
    "totalling": "totaling", "cancelled": "canceled", "cancelling": "canceling", "fulfil": "fulfill",
    "fulfils": "fulfills", "fulfilment": "fulfillment", "enrol": "enroll", "enrolment": "enrollment",
    "judgement": "judgment", "artefact": "artifact", "artefacts": "artifacts", "grey": "gray", "plough": "plow",
    "tyre": "tire", "tyres": "tires", "aeroplane": "airplane", "aeroplanes": "airplanes", "cheque": "check",
    "manoeuvre": "maneuver", "manoeuvres": "maneuvers", "ageing": "aging", "sceptical": "skeptical",
    "mspfn": "msfn",
}  # fmt: skip
SPELLINGS: Mapping[str, str] = _PAIRS | {
    f"{stem}{ending}": f"{stem}{other}" for stem in _STEMS for ending, other in _ENDINGS.items()
}
"""What is written in two ways, and the one that is indexed and looked for."""
COMPOUNDS: Mapping[str, tuple[str, ...]] = {
    f"co{end}": ("co", end)
    for end in [
        "production",
        "produce",
        "produced",
        "producing",
        "development",
        "develop",
        "developed",
        "developing",
        "operation",
        "operate",
        "operative",
        "ordination",
        "ordinate",
        "ordinated",
    ]
}
"""Compounds that are written with a hyphen or a blank, too; without one they read as if they had it."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word as it is compared, and where it stands in the text."""

    text: str
    start: int
    end: int
    bound: bool
    """Whether it belongs to one compound with the token before."""


@cache
def _folded(character: str) -> str:
    """A character as it is compared: nothing where it only marks the one before, a blank where it parts words."""
    plain = fold(fold(character))
    if not plain:
        return "" if unicodedata.combining(character) else " "
    return "".join(one if one.isalnum() or unicodedata.category(one)[0] == "M" else " " for one in plain)


_ASCII = re.compile("[a-z]+|[0-9]+")


@lru_cache(500)
def tokens(text: str) -> Sequence[Token]:
    """The words of a text: runs of letters and runs of digits, folded, each in the spelling that is indexed.

    Remembered, since the records that a question finds have most of their short texts in common.
    """
    if not text.isascii():
        return _tokens(text)
    # The same and ten times as fast, for nearly every text.
    found: list[Token] = []
    before = 0
    for run in _ASCII.finditer(text.lower()):
        start, end = run.span()
        bound = bool(found) and _binds(text, before, start)
        for word in _words(run[0]):
            found.append(Token(word, start, end, bound))
            before, bound = end, True
    return found


def _tokens(text: str) -> Sequence[Token]:
    found: list[Token] = []
    run: list[str] = []
    start = end = before = 0

    def close() -> None:
        nonlocal before
        bound = bool(found) and _binds(text, before, start)
        for word in _words("".join(run)) if run else ():
            found.append(Token(word, start, end, bound))
            before, bound = end, True
        run.clear()

    for at, character in enumerate(text):
        for one in _folded(character):
            if one == " " or (run and one.isdecimal() is not run[0].isdecimal()):
                close()
            if one != " ":
                start = start if run else at
                run.append(one)
                end = at + 1
    close()
    return found


def _binds(text: str, end: int, start: int) -> bool:
    """Whether what stands between two words makes one compound of them."""
    between = text[end : max(start, end)]
    if between == ",":
        return text[end - 1].isdecimal() and text[start].isdecimal()
    return len(between) <= 1 and all(c in BINDING for c in between)


def _words(word: str) -> Sequence[str]:
    word = word[:LONGEST_TOKEN]
    return COMPOUNDS.get(word) or (SPELLINGS.get(word, word),)


def key(text: str) -> str:
    """A name as one word: `F-35`, `f 35` and `F35` are the same."""
    return "".join(token.text for token in tokens(text))[:LONGEST_TOKEN]


Phrase = tuple[str, ...]
"""Words that must stand side by side."""


@dataclass(frozen=True)
class Alternative:
    """What one side of an `or` asks for."""

    must: tuple[Phrase, ...]
    without: tuple[Phrase, ...]


class Rank:
    """How well a record answers a question; records of one rank are in the order of their ids."""

    named = 0
    """The question is its id, acronym, alias or symbol."""
    titled = 1
    """All words are in its names and titles."""
    rest = 2
    """Some are only in the rest of it."""


RANKS = (Rank.named, Rank.titled, Rank.rest)
BREADTHS = (None, Rank.titled, Rank.rest)
"""The ranks of which there may be many; null for all together."""


@dataclass(frozen=True)
class Search:
    """A question, understood."""

    alternatives: tuple[Alternative, ...]
    rank: int | None = None
    """The only rank that is wanted; null for all."""
    many: frozenset[int | None] = frozenset()
    """The ranks of which there are so many that looking at records in order meets them soon; null for all together."""

    @property
    def is_broad(self) -> bool:
        """Whether what is wanted are many."""
        return self.rank in self.many

    @cached_property
    def key(self) -> str | None:
        """The name that it may be; null where it is no plain words."""
        first, *others = self.alternatives
        if others or first.without:
            return None
        return "".join(word for phrase in first.must for word in phrase)[:LONGEST_TOKEN]

    @cached_property
    def phrases(self) -> frozenset[Phrase]:
        """Everything that is looked for."""
        return frozenset(phrase for one in self.alternatives for phrase in one.must)

    def fts5(self, kind: str | None) -> str:
        """The question as FTS5 takes it, among records of a kind."""
        return self._written(_Fts5, kind)

    def tsquery(self, kind: str | None) -> str:
        """The question as PostgreSQL takes it."""
        return self._written(_Tsquery, kind)

    def _written(self, to: "type[_Fts5 | _Tsquery]", kind: str | None) -> str:
        words = to.any(
            to.but(to.all(map(to.phrase, one.must)), map(to.phrase, one.without)) for one in self.alternatives
        )
        marked = to.any(
            to.but(
                to.all(to.phrase([f"~{word}" for word in phrase]) for phrase in one.must), map(to.phrase, one.without)
            )
            for one in self.alternatives
        )
        named = [to.phrase([f"={self.key}"])] if self.key else []
        match self.rank:
            case None:
                found = to.any([words, *named])
            case Rank.named:
                found = to.any(named or [to.phrase(["="])])
            case Rank.titled:
                found = to.but(marked, named)
            case _:
                found = to.but(words, [marked, *named])
        return found if kind is None else to.all([to.phrase([f"#{kind}"]), found])


class _Fts5:
    @staticmethod
    def phrase(words: Sequence[str]) -> str:
        return f'"{" ".join(words)}"'

    @staticmethod
    def all(parts: Iterable[str]) -> str:
        return f"({' AND '.join(parts)})"

    @staticmethod
    def any(parts: Iterable[str]) -> str:
        return f"({' OR '.join(parts)})"

    @classmethod
    def but(cls, found: str, without: Iterable[str]) -> str:
        left_out = list(without)
        return f"({found} NOT {cls.any(left_out)})" if left_out else found


class _Tsquery:
    @staticmethod
    def phrase(words: Sequence[str]) -> str:
        quoted = [f"'{word}'" for word in words]
        return f"({' <-> '.join(quoted)})"

    @staticmethod
    def all(parts: Iterable[str]) -> str:
        return f"({' & '.join(parts)})"

    @staticmethod
    def any(parts: Iterable[str]) -> str:
        return f"({' | '.join(parts)})"

    @classmethod
    def but(cls, found: str, without: Iterable[str]) -> str:
        left_out = list(without)
        return f"({found} & !{cls.any(left_out)})" if left_out else found


def parse(text: str) -> Search:
    """The question that a text asks: words, "phrases", -without, `or`. Every text is one, or says what it lacks.

    ValueError where it is too long, has no word, or names on one side of an `or` only what must not occur.
    """
    cleaned = clean(text)
    if len(cleaned) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    parts = list(_parts(cleaned.translate(SIGNS)))
    if not any(part.phrase for part in parts):
        raise ValueError("has no letter or digit to look for")
    if all(part.operator for part in parts):
        parts = [_Part(part.phrase) for part in parts]
    sides: list[list[_Part]] = [[]]
    for part in parts:
        if part.operator == "or":
            sides.append([])
        elif not part.operator:
            sides[-1].append(part)
    alternatives = []
    for side in filter(None, sides):
        must = tuple(dict.fromkeys(part.phrase for part in side if not part.without))
        if not must:
            raise ValueError("says only what must not occur: add a word to look for")
        without = dict.fromkeys(part.phrase for part in side if part.without)
        alternatives.append(Alternative(must, tuple(without)))
    return Search(tuple(dict.fromkeys(alternatives)))


@dataclass(frozen=True)
class _Part:
    phrase: Phrase
    without: bool = False
    operator: str = ""
    """`or`, or an `AND` that says what holds anyway."""


_PIECE = re.compile(r'(?P<sign>(?:(?<=\s)|^)-(?=[^\s-]))?(?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]+))')


def _parts(text: str) -> Iterator[_Part]:
    for piece in _PIECE.finditer(text):
        without, plain = bool(piece["sign"]), piece["plain"]
        if plain is None:
            phrase = tuple(token.text for token in tokens(piece["quoted"]))
            if phrase:
                yield _Part(phrase, without)
            continue
        operator = "or" if plain.lower() == "or" else "and" if plain == "AND" else ""
        for phrase in compounds(plain):
            yield _Part(phrase, without, "" if without else operator)


def compounds(text: str) -> list[Phrase]:
    """The words of a text, those of one compound together."""
    found: list[list[str]] = []
    for token in tokens(text):
        if token.bound and found:
            found[-1].append(token.text)
        else:
            found.append([token.text])
    return [tuple(words) for words in found]


class Declared(Protocol):
    """What is asked of a record type."""

    @property
    def singular(self) -> str: ...
    @property
    def keys(self) -> tuple[str, ...]: ...
    @property
    def read(self) -> type[SQLModel]: ...
    @property
    def named_by(self) -> tuple[Any, ...]: ...
    @property
    def has_evidence(self) -> bool: ...
    def __hash__(self) -> int: ...


class Declarations(Protocol):
    """All record types, by name."""

    def __getitem__(self, name: str) -> Any: ...


@dataclass(frozen=True)
class Text:
    """One text of a record that is searched."""

    kind: str
    """id, acronym, alias, symbol, title or text."""
    field: str
    value: str

    @property
    def is_name(self) -> bool:
        """Whether it names the record."""
        return self.kind not in ("title", "text")


UNSEARCHED = re.compile(r"[a-z]+://\S*|[0-9a-f]{32,}")
"""Addresses and checksums: they hold no words."""


def texts(resource: Declared, document: Mapping[str, Any]) -> Iterator[Text]:
    """Everything that a record is found by: names, titles, then its other fields as far as they are words.

    What is worked out from the rest, and the attributes of links, are left out.
    """
    yield Text("id", "id", document["id"])
    if document["acronym"]:
        yield Text("acronym", "acronym", document["acronym"])
    for alias in document["aliases"]:
        yield Text("alias", "aliases", alias)
    symbols = [named.key for named in resource.named_by]
    for name in symbols:
        if document[name]:
            yield Text("symbol", name, document[name])
    for name in ("title", "long_name"):
        if document[name]:
            yield Text("title", name, document[name])
    for name in _others(resource):
        for value in _strings(document[name]):
            if not UNSEARCHED.fullmatch(value):
                yield Text("text", name, value)


@cache
def _others(resource: Declared) -> tuple[str, ...]:
    """The fields whose words count least: the summary first."""
    known = {"id", "resource", "url", *EVIDENCE, *(named.key for named in resource.named_by), *COMMON}
    own = [
        name
        for name in resource.keys
        if name not in known and provenance(resource.read, name) is not Provenance.derived
    ]
    return ("summary", *own, "identifiers")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item.get("id") if isinstance(item, dict) else item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)


Searched = Sequence[tuple[Text, Sequence[str]]]
"""The texts of a record, each with its words."""


def searched(resource: Declared, document: Mapping[str, Any]) -> Searched:
    """What a record is found by."""
    return [(text, [token.text for token in tokens(text.value)]) for text in texts(resource, document)]


def row(resource: Declared, searched: Searched) -> list[str]:
    """The tokens of a record, in order."""
    made = [f"#{resource.singular}"]
    made += dict.fromkeys("=" + "".join(words)[:LONGEST_TOKEN] for text, words in searched if text.is_name)
    for text, words in searched:
        if text.kind != "text":
            made += ["|", *(f"~{word}" for word in words)]
    for _, words in searched:
        made += ["|", *words]
    seen: Counter[str] = Counter()
    for place, token in enumerate(made):
        seen[token] += 1
        if seen[token] > MOST_REPEATS:
            made[place] = "|"
    return made[:MOST_TOKENS]


def tsvector(made: Sequence[str]) -> str:
    """The tokens of a record as PostgreSQL reads them."""
    return " ".join(f"'{token}':{place}" for place, token in enumerate(made, 1) if token != "|")


def starts(searched: Searched) -> set[tuple[int, str]]:
    """Rank and key of everything that a record is suggested for."""
    found: set[tuple[int, str]] = set()
    for text, words in searched:
        if text.is_name:
            found.add((0, "".join(words)[:LONGEST_KEY]))
        elif text.kind == "title":
            found |= {
                (1, "".join(words[place : place + LONGEST_KEY])[:LONGEST_KEY])
                for place in range(len(words[:MOST_STARTS]))
            }
    return {(rank, word) for rank, word in found if word}


def begun(prefix: str) -> tuple[str, ...]:
    """The keys that what was typed so far may be the start of: as it is, then as the beginning of another spelling.

    ValueError where that is nothing, or too long.
    """
    cleaned = clean(prefix)
    if len(cleaned) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    words = [token.text for token in tokens(cleaned)]
    if not words:
        raise ValueError("has no letter or digit to look for")
    head, last = "".join(words[:-1]), words[-1]
    others = {other for word, other in SPELLINGS.items() if word.startswith(last) and not other.startswith(last)}
    ways = [last, *(sorted(others) if len(last) > 2 else ())]
    return tuple(dict.fromkeys((head + word)[:LONGEST_KEY] for word in ways))


def spans(search: Search, text: str) -> list[tuple[int, int]]:
    """Where a text has what is looked for, as start and end in characters."""
    found: list[tuple[int, int]] = []
    words = tokens(text)
    for phrase in search.phrases:
        found += [
            (words[place].start, words[place + len(phrase) - 1].end)
            for place in range(len(words) - len(phrase) + 1)
            if words[place].text == phrase[0]
            and tuple(token.text for token in words[place : place + len(phrase)]) == phrase
        ]
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


MOST_SHOWN = 200
"""Characters of an extract."""


@dataclass(frozen=True)
class Extract:
    """A piece of a text, and where in it stands what was looked for."""

    text: str
    highlights: list[tuple[int, int]]


def matched(search: Search, resource: Declared, document: Mapping[str, Any]) -> list[Text]:
    """The texts of a record in which something of a question stands, names first."""
    return [
        text
        for text in texts(resource, document)
        if (text.is_name and search.key is not None and key(text.value) == search.key) or spans(search, text.value)
    ]


def extract(search: Search, found: Sequence[Text], document: Mapping[str, Any]) -> Extract:
    """The piece that shows best why a record was found: of its words where they have it, else of its title."""
    words = [text.value for text in found if text.kind in ("text", "title")] or [document["title"]]
    best = max(words, key=lambda text: (_distinct(search, text), len(text) > 40))
    marked = spans(search, best)
    first = marked[0][0] if marked else 0
    start = 0
    if first > MOST_SHOWN // 2:
        start = best.find(" ", first - MOST_SHOWN // 2) + 1
    end = len(best)
    if end - start > MOST_SHOWN:
        end = max(best.rfind(" ", start, start + MOST_SHOWN), marked[0][1] if marked else 0)
    lead, rest = "… " if start else "", " …" if end < len(best) else ""
    shift = len(lead) - start
    return Extract(
        f"{lead}{best[start:end]}{rest}", [(a + shift, b + shift) for a, b in marked if a >= start and b <= end]
    )


def _distinct(search: Search, text: str) -> int:
    """How many of the phrases a text has."""
    words = [token.text for token in tokens(text)]
    return sum(
        any(tuple(words[place : place + len(phrase)]) == phrase for place in range(len(words) - len(phrase) + 1))
        for phrase in search.phrases
    )
