"""
Words as the index keeps them and as a search asks for them: one French stemmer, one tolerance.

Both engines store and compare what is made here, so both find the same.
The endings follow J. Savoy's light stemmer for French, on words without accents.
"""

import re
from collections.abc import Iterator
from itertools import combinations

from ruche.core.words import fold

# A token is cut there: nobody types more, and engines have limits of their own.
LONGEST = 40
# Words of a question beyond these are left out.
MAX_WORDS = 8

_WORD = re.compile(r"[^\W_]+")
# Words that say nothing when one searches; a question of nothing else keeps them.
_EMPTY = frozenset(
    (  # noqa: SIM905 - a list of words reads best as words
        "a ai as au aux avec c ce ces cet cette d dans de des du elle en est et eux il ils j je"
        " l la le les leur leurs lui m ma mes mon n ne nos notre nous on ou par pas pour qu que"
        " qui s sa se ses son sont sur t ta te tes toi ton tu un une vos votre vous y"
    ).split()
)

# Ending, least number of letters of the word, what stands instead. The first that fits counts.
_ENDINGS = (
    ("issement", 10, "ir"),
    ("issant", 9, "ir"),
    ("ement", 8, ""),
    ("ficatrice", 12, "fier"),
    ("ficateur", 11, "fier"),
    ("catrice", 10, "quer"),
    ("cateur", 9, "quer"),
    ("atrice", 9, "er"),
    ("ateur", 8, "er"),
    ("trice", 7, "ter"),
    ("teuse", 8, "ter"),
    ("teur", 7, "ter"),
    ("euse", 6, "eur"),
    ("iere", 7, "ier"),
    ("ative", 10, ""),
    ("atif", 9, ""),
    ("ive", 7, "if"),
    ("nnelle", 9, "n"),
    ("nnel", 8, "n"),
    ("ique", 9, ""),
    ("inage", 8, "in"),
    ("isation", 10, ""),
    ("ation", 9, ""),
    ("ition", 9, ""),
)

# Typing errors: letters compared by their keys, and how many errors are forgiven.
_COMPARED = 7
SHORTEST_FORGIVEN = 4
_FORGIVEN_TWICE = 6


def words_of(text: str) -> list[str]:
    """Return the words of ``text`` in order, folded and cut, each as often as it stands there."""
    return [found[0][:LONGEST] for found in _WORD.finditer(fold(text))]


def stem(word: str) -> str:
    """Return what a folded French word has in common with its plural and its relatives."""
    if len(word) <= 3 or not word.isascii() or not word.isalpha():
        return word
    word = _singular(word)
    for ending, least, instead in _ENDINGS:
        if len(word) >= least and word.endswith(ending):
            word = word[: len(word) - len(ending)] + instead
            break
    for letter, after in (("e", ""), ("e", ""), ("r", "ei"), ("e", "")):
        if len(word) > 3 and word[-1] == letter and (not after or word[-2] in after):
            word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def _singular(word: str) -> str:
    if len(word) > 5 and word.endswith("aux") and word[-4] != "e":
        return word[:-2] + "l"
    return word[:-1] if word[-1] in "sx" else word


def terms(text: str) -> str:
    """Return what the index keeps of ``text``: each word and its stem, once, spaces between."""
    kept: dict[str, None] = {}
    for word in words_of(text):
        kept[word] = kept[stem(word)] = None
    return " ".join(kept)


def asked(text: str) -> tuple[str, ...]:
    """Return the words of a question: folded, without those that say nothing, at most eight."""
    words = list(dict.fromkeys(words_of(text)))
    return tuple([word for word in words if word not in _EMPTY] or words)[:MAX_WORDS]


def marked(text: str, words: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Cut ``text`` in pieces; say of each whether it is one of ``words``, or begins like one."""
    stems = {stem(word) for word in words}
    start = 0
    for found in _WORD.finditer(text):
        word = fold(found[0])
        if stem(word) in stems or any(len(w) > 2 and word.startswith(w) for w in words):
            if start < found.start():
                yield text[start : found.start()], False
            yield found[0], True
            start = found.end()
    if start < len(text):
        yield text[start:], False


def around(text: str, words: tuple[str, ...], length: int) -> str:
    """Return about ``length`` characters of ``text``, the first of ``words`` among them."""
    start = 0
    for piece, is_asked in marked(text, words):
        if is_asked:
            break
        start += len(piece)
    if len(text) <= length or start == len(text):
        start = 0
    start = max(0, min(start - length // 3, len(text) - length))
    cut = text[start : start + length]
    # Between words, on both sides, unless a word is longer than all this.
    if start and " " in cut[: length // 3]:
        cut = cut[cut.index(" ") + 1 :]
    if start + length < len(text) and " " in cut[-length // 3 :]:
        cut = cut[: cut.rindex(" ")].rstrip(" ,;:.") + "…"
    return f"…{cut}" if start else cut


# --- Typing errors -------------------------------------------------------------


def near_keys(word: str) -> set[str]:
    """
    Return the keys of a folded word: two words that share none differ by more than is forgiven.

    The word's beginning without any one or two of its letters: at most 29
    keys. Words that share a key may still differ by more: ``distance`` says.
    Source: W. Garbe, symmetric delete (SymSpell).
    """
    if len(word) < SHORTEST_FORGIVEN or word.isdigit():
        return set()
    start = word[:_COMPARED]
    keys = {start}
    for lost in range(1, forgiven(word) + 1):
        for places in combinations(range(len(start)), lost):
            keys.add("".join(letter for n, letter in enumerate(start) if n not in places))
    return keys


def near_terms(text: str) -> str:
    """Return the keys of all words of a name, as the index keeps them."""
    return " ".join(sorted({key for word in words_of(text) for key in near_keys(word)}))


def forgiven(word: str) -> int:
    """How many typing errors a word of that length may have."""
    return 2 if len(word) >= _FORGIVEN_TWICE else 1


def distance(one: str, other: str) -> int:
    """Letters to add, take away, change or swap with their neighbour, from one to the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            least = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                least = min(least, last[j - 2] + 1)
            row.append(least)
    return row[-1]


def nearest(word: str, names: list[str]) -> str:
    """
    Return the word of ``names`` that ``word`` most likely stands for, as it is written there.

    Empty if none is near, or if ``word`` itself stands there.
    """
    near: list[tuple[int, str]] = []
    for written in {found[0] for name in names for found in _WORD.finditer(name)}:
        other = fold(written)[:LONGEST]
        if len(other) >= SHORTEST_FORGIVEN:
            near.append((distance(word, other), written))
    errors, written = min(near, default=(0, ""))
    return written if 0 < errors <= forgiven(word) else ""
