"""What is put in the place of a value that identifies somebody: invented, of the same length and kind, and the same
wherever the value stands again in the file.

``Gathered`` sees every such value first, so that nothing is invented that somebody in the file is really called.
``Inventions`` draws from a key that nobody keeps: without it, guesses can't be tried against the copy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from hashlib import blake2b
from itertools import count
from math import prod

from ..generating.draws import words
from ..generating.people import FIRST_NAMES, LAST_NAMES, NPI_COUNT, npi
from ..identifiers import has_one_digit_only, is_npi, is_zip
from ..judging.edits._known import FILLERS, zip_states
from ..judging.identities import plain
from ..reading.values import parse_day
from .dates import Days
from .free_text import Vocabulary
from .places import is_number
from .streets import WORDS as STREET_WORDS
from .streets import kept_spans

__all__ = ["Gathered", "Inventions", "in_capitals"]

_TOKEN = re.compile("[A-Za-z]+|[0-9]+")
_GENERIC = frozenset(words(
    "THERAPY THERAPIES THERAPEUTIC PHYSICAL OCCUPATIONAL MASSAGE CHIROPRACTIC CLINIC CENTER CENTRE MEDICAL MEDICINE "
    "GROUP FAMILY HEALTH CARE HOSPITAL ASSOCIATES PARTNERS SERVICE SERVICES BILLING OFFICE DESK INC LLC LLP PC PLLC "
    "CORP CO THE AND OF SPINE SPORT SPORTS REHAB REHABILITATION WELLNESS PRIMARY INTERNAL"))
"""Words of organisations that name none; they stay when another word of the name goes."""
_SUFFIXES = (("JR", "SR", "II", "IV"), ("III", "VII"))
"""What stands behind a name; each gives way to the next of its length."""
_TRIES, _HARD_TRIES = 100, 400
_LONGEST_MIDDLE = 35
_SHORTEST = 5
"""Values from this length on are looked for inside invented ones too."""


class Gathered:
    """First sight of a file: the values to be replaced, and the days that a birth date must keep its side of.

    ``joined``: words that somebody else in the file writes in parts (OROE: O'Roe), with these; ``middle``: middle names
    and initials. Who is the same person for *judging* (``identities``) must be so in the copy."""

    def __init__(self) -> None:
        self.values: set[str] = set()
        self.joined: dict[str, list[str]] = {}
        self.middle: set[str] = set()
        self.days = Days()

    def replace(self, kind: str, value: str, forbidden: frozenset[str] = frozenset()) -> str:
        """Take note of a value; it stays as it is."""
        whole = in_capitals(value.strip())
        if whole not in self.values:
            self.values.add(whole)
            self.values.update(word for word in re.findall("[A-Z]{2,}|[0-9]{5,}", whole))
        if kind in ("name", "organization", "middle"):
            for word in (*re.split("[ -]+", whole), whole):
                if len(parts := re.findall("[A-Z]+", word)) > 1:
                    self.joined.setdefault("".join(parts), parts)
        if kind == "middle":
            self.middle.add(plain(whole))
        return value


class Inventions:
    """``replace`` gives the invented value; in ``gathered``, what the file really holds."""

    def __init__(self, key: bytes, gathered: Gathered, vocabulary: Vocabulary, delimiters: str = "") -> None:
        self._key, self._real, self._days, self._vocabulary = key, gathered.values, gathered.days, vocabulary
        self._joined, self._middles = gathered.joined, gathered.middle
        self._middles_made: set[str] = set()
        self._beginnings: set[str] = set()
        """All that middle names of the copy begin with, whole ones among it."""
        self._made: dict[tuple[str, str], str] = {}
        self._used: dict[str, set[str]] = {}
        self._names: dict[int, list[str]] = {}
        for name in (*FIRST_NAMES, *LAST_NAMES):
            if name not in self._real:
                self._names.setdefault(len(name), []).append(name)
        self._taken = {d.upper() for d in delimiters if d.isalnum()}
        self._makers: dict[str, Callable[[str, frozenset[str]], str]] = {
            "name": self._name, "middle": self._middle, "suffix": self._suffix, "organization": self._organization,
            "street": self._street, "zip": self._zip, "phone": self._phone, "birth": self._birth, "death": self._death,
            "text": self._text, "free": self._free,
        }

    def replace(self, kind: str, value: str, forbidden: frozenset[str] = frozenset()) -> str:
        """The invented value for this one. ``forbidden`` are values it must not become."""
        bare = value.strip()
        made = self._made.get((kind, bare))
        if made is None or made in forbidden:
            made = self._makers.get(kind, self._identifier)(bare, forbidden)
            if len(made) != len(bare):
                raise AssertionError("an invented value has another length")
            if kind not in ("text", "free"):
                self._made[kind, bare] = made
        return made if bare == value else value.replace(bare, made, 1)

    # --- by kind ---------------------------------------------------------------------------------------------

    def _name(self, value: str, forbidden: frozenset[str]) -> str:
        return _TOKEN.sub(lambda m: self._ordinal(m[0]) if m[0].isdigit() and len(m[0]) < _SHORTEST
                          else self._piece(m[0]), value)

    def _ordinal(self, digits: str) -> str:
        """A few digits in a name. They may be all that tells two persons apart, so no other number becomes the same."""
        made = self._made.get(("ordinal", digits))
        if made is None:
            made = self._made["ordinal", digits] = self._chosen(
                "ordinal", digits, self._alike("ordinal", digits), lambda _: True)
        return made

    def _suffix(self, value: str, forbidden: frozenset[str]) -> str:
        def following(token: str) -> str:
            upper = in_capitals(token)
            row = next((row for row in _SUFFIXES if upper in row), ())
            return _recased(row[(row.index(upper) + 1) % len(row)], token) if row else self._piece(token)

        return _TOKEN.sub(lambda m: following(m[0]), value)

    def _middle(self, value: str, forbidden: frozenset[str]) -> str:
        """A name that begins as another middle name or initial of the file begins so in the copy, too, and no other
        does."""
        core = plain(value)
        if not core.isascii() or not core.isalpha() or len(core) > _LONGEST_MIDDLE:
            return self._name(value, forbidden)
        made = ""
        for size in range(1, len(core) + 1):
            if size == len(core) or core[:size] in self._middles:
                made = self._begun(core[:size], made)
        return _filled(made, value)

    def _begun(self, core: str, lead: str) -> str:
        """What a middle name becomes, given what the longest other one becomes that it begins with."""
        made = self._made.get(("core", core))
        if made is None:
            words = (lead + word for word in self._words("middle " + core, len(core) - len(lead)))
            made = self._chosen("middle", core, words, lambda word: word not in self._beginnings and not any(
                word[:n] in self._middles_made for n in range(len(lead) + 1, len(word))))
            self._made["core", core] = made
            self._middles_made.add(made)
            self._beginnings.update(made[:n] for n in range(1, len(made) + 1))
        return made

    def _organization(self, value: str, forbidden: frozenset[str]) -> str:
        tokens = _TOKEN.findall(in_capitals(value))
        generic = _GENERIC if any(len(w) > 2 and w not in _GENERIC for w in tokens) else frozenset()
        return _TOKEN.sub(lambda m: m[0] if in_capitals(m[0]) in generic else self._piece(m[0]), value)

    def _free(self, value: str, forbidden: frozenset[str]) -> str:
        for salt in range(_TRIES):
            made = _TOKEN.sub(lambda m: self._piece(m[0], "" if not salt else str(salt)), value)  # noqa: B023
            if in_capitals(made.strip()) not in forbidden:
                return made
        return self._identifier(value, forbidden)

    def _text(self, value: str, forbidden: frozenset[str]) -> str:
        kept = self._vocabulary.places(value)
        spans = [(start, stop) for _, start, stop in kept]
        for salt in ("", "1", "2", "3"):
            made = _outside(value, spans, lambda token: self._piece(token, salt))  # noqa: B023
            if self._vocabulary.places(made) == kept:
                return made
        return _outside(value, spans, lambda token: "0" * len(token) if token.isdigit() else "X" * len(token))

    def _street(self, value: str, forbidden: frozenset[str]) -> str:
        spans = kept_spans(value)
        for salt in ("", "1", "2", "3"):
            made = _outside(value, spans, lambda token: token if in_capitals(token) in STREET_WORDS else self._piece(
                token, salt))  # noqa: B023
            if kept_spans(made) == spans and (in_capitals(made) not in self._real or salt == "3"):
                return made
        return _outside(value, spans, lambda token: "1" * len(token) if token.isdigit() else "X" * len(token))

    def _zip(self, value: str, forbidden: frozenset[str]) -> str:
        prefixes = _prefixes().get(zip_states().get(value[:3]), [])
        if not is_zip(value) or not prefixes:
            return self._identifier(value, forbidden)
        filler = value[5:] if value[5:] in FILLERS else ""

        def candidates() -> Iterator[str]:
            for draw in self._draws("zip", value):
                tail = filler or f"{draw // 100_000 % 9000 + 999:04}"[: len(value) - 5]
                yield prefixes[draw % len(prefixes)] + f"{draw // 1000 % 100:02}" + tail

        return self._chosen("zip", value, candidates(), lambda made: True)

    def _phone(self, value: str, forbidden: frozenset[str]) -> str:
        if len(value) != 10 or not value.isdecimal():
            return self._free(value, forbidden)
        numbers = (f"{2 + draw % 8}{draw // 8 % 9}{draw // 72 % 10}55501{draw // 720 % 100:02}"
                   for draw in self._draws("phone", value))
        return self._chosen("phone", value, numbers, lambda made: True)

    def _birth(self, value: str, forbidden: frozenset[str]) -> str:
        return self._day("birth", value, forbidden)

    def _death(self, value: str, forbidden: frozenset[str]) -> str:
        return self._day("death", value, forbidden)

    def _day(self, kind: str, value: str, forbidden: frozenset[str]) -> str:
        """Another day of the same year, on the same side of every day that an edit holds it against."""
        day = parse_day(value) if value.isascii() else None
        if day is None:
            return self._chosen(kind, value, self._alike(kind, value), lambda made: parse_day(made) is None)
        first, last = self._days.free(kind, day)
        size = (last - first).days + 1
        candidates = (f"{first + timedelta(n):%Y%m%d}" for n in self._shuffled(kind, value, size))
        return self._chosen(kind, value, candidates, lambda made: True)

    def _identifier(self, value: str, forbidden: frozenset[str]) -> str:
        upper = in_capitals(value)
        core = "".join(re.findall("[A-Z0-9]+", upper))
        if core and core != value:  # in lower case, or with punctuation: as it would be without
            made = _filled(self.replace("id", core), value)
            if made not in forbidden and is_number(made) == is_number(value) and is_npi(made) == is_npi(value):
                return made
        if is_npi(upper):
            made = self._chosen("id", upper, self._npis(upper), is_npi)
        elif len(upper) == 9 and upper.isdecimal() and not has_one_digit_only(upper):
            made = self._chosen("id", upper, self._nine_digits(upper), lambda made: made not in forbidden)
        elif has_one_digit_only(upper) and upper.isdecimal():
            made = self._chosen("id", upper, (d * len(upper) for d in "9876543210"), lambda _: True)
        else:
            number = is_number(upper)
            made = self._chosen("id", upper, self._alike("id", upper), lambda made: (
                made not in forbidden and is_number(made) == number and not is_npi(made)
                and not has_one_digit_only(made)))
        return _recased(made, value)

    def _npis(self, value: str) -> Iterator[str]:
        for n, draw in enumerate(self._draws("npi", value)):
            if n < 20:
                yield npi(draw % NPI_COUNT)
            else:
                stem = f"19{draw % 10_000_000:07}"
                yield next(stem + str(d) for d in range(10) if is_npi(stem + str(d)))

    def _nine_digits(self, value: str) -> Iterator[str]:
        """Nobody's tax id: no employer's begins with 96 or 97, no person's with 9, but for the numbers that the IRS
        gives out itself, whose fourth digit is 5 at least."""
        for draw in self._draws("nine", value):
            yield f"9{6 + draw % 2}{draw // 2 % 10}{draw // 20 % 5}{draw // 100 % 100_000:05}"

    # --- words and characters --------------------------------------------------------------------------------

    def _piece(self, token: str, salt: str = "") -> str:
        """A run of letters or of digits."""
        if token[0].isdigit():
            if len(token) > 4:
                return self.replace("id", token)
            return next(made for made in self._alike("digits" + salt, token) if made != token)
        upper = in_capitals(token)
        if upper in self._joined and not salt:
            return _recased("".join([self._piece(part) for part in self._joined[upper]]), token)
        made = self._made.get(("word", upper + salt))
        if made is None:
            made = self._chosen("word", upper + salt, self._words(upper + salt, len(upper)),
                                lambda w: w.lower() not in self._vocabulary.words and w not in _GENERIC)
            self._made["word", upper + salt] = made
        return _recased(made, token)

    def _words(self, word: str, length: int) -> Iterator[str]:
        """Names of this length, then syllables, then anything."""
        pool = self._names.get(length, [])
        for n in self._shuffled("word", word, len(pool)):
            yield pool[n]
        for tries, draw in enumerate(self._draws("syllables", word)):
            letters = []
            for n in range(length):
                alphabet = ("BDFGHKLMNPRSTVW" if n % 2 == draw % 2 else "AEIOUY") if tries < _HARD_TRIES else _LETTERS
                draw, pick = divmod(draw // 2 if n == 0 else draw, len(alphabet))
                letters.append(alphabet[pick])
            yield "".join(letters)

    def _alike(self, kind: str, value: str) -> Iterator[str]:
        """Digits for digits, letters for letters; a number begins with a zero only where the value does."""
        size = prod(10 if c.isdigit() else 26 for c in value if c.isascii() and c.isalnum())
        for draw in self._shuffled(kind, value, size) if size <= _HARD_TRIES * 2 else self._draws(kind, value):
            out = []
            for n, character in enumerate(value):
                if character.isascii() and character.isdigit():
                    low = 1 if n == 0 and character != "0" and len(value) > 1 else 0
                    draw, pick = divmod(draw, 10 - low)
                    character = str(pick + low)
                elif character.isascii() and character.isalpha():
                    draw, pick = divmod(draw, 26)
                    character = _LETTERS[pick]
                out.append(character)
            yield "".join(out)

    def _chosen(self, kind: str, value: str, candidates: Iterator[str], fits: Callable[[str], bool]) -> str:
        """The first candidate that fits, that no other value got, and that nobody in the file is called. Where so many
        can't be found (short values), what is real may come again, but never as its own replacement; and where all are
        given away, it stays as it is: single digits and letters."""
        used = self._used.setdefault(kind, set())
        second = last = ""
        for n, made in zip(range(2 * _HARD_TRIES), candidates, strict=False):
            if made == value or not fits(made) or any(c in made and c not in value for c in self._taken):
                continue
            last = made
            if made in used:
                continue
            if not self._is_real(made, is_strict=n < _TRIES):
                second = made
                break
            second = second or made
        chosen = second or (value if value not in used else last) or value
        used.add(chosen)
        return chosen

    def _is_real(self, made: str, is_strict: bool) -> bool:
        real = self._real
        if made in real:
            return True
        if not is_strict or len(made) > 24:
            return False
        size = len(made)
        return any(made[a:b] in real for a in range(size - _SHORTEST + 1) for b in range(a + _SHORTEST, size + 1))

    # --- chance ----------------------------------------------------------------------------------------------

    def _draws(self, kind: str, value: str) -> Iterator[int]:
        """Large numbers that only the key and the value decide."""
        for n in count():
            text = f"{kind}\0{value}\0{n}".encode("latin-1", "replace")
            yield int.from_bytes(blake2b(text, key=self._key, digest_size=64).digest())

    def _shuffled(self, kind: str, value: str, size: int) -> Iterator[int]:
        """0 to ``size`` - 1, each once, in an order of its own."""
        left = list(range(size))
        draws = self._draws("order" + kind, value)
        while left:
            yield left.pop(next(draws) % len(left))


@cache
def _prefixes() -> dict[tuple[str, ...] | None, list[str]]:
    """First three digits of ZIP codes by the states they serve; ``None``: those that serve none."""
    found: dict[tuple[str, ...] | None, list[str]] = {}
    for n in range(1000):
        found.setdefault(zip_states().get(f"{n:03}"), []).append(f"{n:03}")
    return found


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def in_capitals(text: str) -> str:
    """ASCII letters in upper case; ``str.upper`` would turn µ and ß into what latin-1 doesn't have."""
    return text.encode("latin-1").upper().decode("latin-1")


def _recased(made: str, like: str) -> str:
    """``made`` (upper case) with the lower case letters of ``like`` in lower case."""
    if in_capitals(like) == like:
        return made
    return "".join(m.lower() if c.islower() and c.isascii() else m for m, c in zip(made, like, strict=True))


def _filled(made: str, like: str) -> str:
    """``like`` with its ASCII letters and digits replaced by those of ``made``, one after the other."""
    rest = iter(made)
    return "".join([_recased(next(rest), c) if c.isascii() and c.isalnum() else c for c in like])


def _outside(value: str, spans: list[tuple[int, int]], replace: Callable[[str], str]) -> str:
    """``value`` with every run of letters or digits replaced that no span touches; of one that a span touches, what
    lies outside."""
    free = bytearray(b"\1" * len(value))
    for start, stop in spans:
        free[start:stop] = bytes(stop - start)
    out, at = [], 0
    for token in _TOKEN.finditer(value):
        out.append(value[at : token.start()])
        at = token.start()
        while at < token.end():
            stop = at
            while stop < token.end() and free[stop] == free[at]:
                stop += 1
            piece = value[at:stop]
            out.append(replace(piece) if free[at] else piece)
            at = stop
    return "".join(out) + value[at:]

