"""Words are found again whatever their accents, number and gender, and near misses are forgiven."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruche.core.stems import (
    LONGEST,
    MAX_WORDS,
    SHORTEST_FORGIVEN,
    around,
    asked,
    distance,
    forgiven,
    marked,
    near_keys,
    nearest,
    stem,
    terms,
    words_of,
)

LETTERS = "abcdefghilmnoprstuv"


@pytest.mark.parametrize(
    "family",
    [
        "médiation médiations médiateur médiatrice médiatrices",
        "numérique numériques",
        "atelier ateliers",
        "aide aides aider aidée",
        "invité invités invitée invitées inviter",
        "animation animateur animatrice animer",
        "formation formations formateur former",
        "association associations associatif associative",
        "journal journaux",
        "bateau bateaux",
        "activité activités",
        "ouvrier ouvrière ouvriers",
        "vendeur vendeuse",
        "accompagner accompagnement accompagnements",
        "jardin jardins jardinage jardiner",
        "vélo vélos",
        "professionnel professionnelle professionnels",
        "sportif sportive sportives",
        "réparer réparation réparations réparateur",
        "Cœur cœurs coeur",
        "repas",
    ],
)
def test_words_of_one_family_share_their_stem(family):
    stems = {stem(word) for word in words_of(family)}

    assert len(stems) == 1, stems


@pytest.mark.parametrize(
    "pair",
    [
        "cours cou",
        "mer mai",
        "poste possible",
        "clément clé",
        "boutique bout",
        "pain pin",
        "2024 202",
    ],
)
def test_words_that_have_nothing_in_common_keep_apart(pair):
    one, other = words_of(pair)

    assert stem(one) != stem(other)


def test_accents_apostrophes_and_numbers_are_read_as_one_types_them():
    assert words_of("L’accès à l'Œuvre n°12, C’est-à-dire") == (
        ["l", "acces", "a", "l", "oeuvre", "n", "12", "c", "est", "a", "dire"]
    )
    assert set(words_of("médiation numérique")) <= set(terms("La MÉDIATION Numérique").split())
    assert {stem(word) for word in asked("mediations numeriques")} <= set(
        terms("médiation numérique").split()
    )


def test_a_question_keeps_the_words_that_say_something_at_most_eight():
    assert asked("les repas de la ville") == ("repas", "ville")
    assert asked("à la") == ("a", "la")
    assert asked(" '\"()*: ") == ()
    assert len(asked(" ".join(f"mot{n}" for n in range(30)))) == MAX_WORDS
    assert asked("x" * 500) == ("x" * LONGEST,)


@given(st.text(), st.text(max_size=12), st.integers(20, 60))
def test_marks_lose_no_letter_and_excerpts_stay_short(text, question, length):
    words = asked(question)

    assert "".join(piece for piece, _ in marked(text, words)) == text
    assert len(around(text, words, length)) <= length + 2


def test_an_excerpt_shows_the_first_word_that_was_looked_for():
    text = "avant " * 80 + "la médiation numérique " + "après " * 80

    shown = around(text, asked("mediations"), 120)

    assert "médiation" in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert [piece for piece, is_asked in marked(shown, asked("mediations")) if is_asked] == [
        "médiation"
    ]


# --- Typing errors ------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "errors"),
    [
        ("belvue", "bellevue", 2),
        ("repreres", "reperes", 1),
        ("rpeeres", "reperes", 1),
        ("jardin", "jardin", 0),
        ("", "abc", 3),
        ("jrdain", "jardin", 2),
    ],
)
def test_distance_counts_what_a_hand_does_wrong(one, other, errors):
    assert distance(one, other) == distance(other, one) == errors


def once_wrong(draw, word):
    place = draw(st.integers(0, len(word) - 1))
    letter = draw(st.sampled_from(LETTERS))
    ways = [word[:place] + letter + word[place:], word[:place] + letter + word[place + 1 :]]
    if len(word) > SHORTEST_FORGIVEN:
        ways.append(word[:place] + word[place + 1 :])
    if place:
        ways.append(word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :])
    return draw(st.sampled_from(ways))


@given(st.data())
def test_a_word_typed_wrong_shares_a_key_with_the_right_one(data):
    word = data.draw(st.text(LETTERS, min_size=SHORTEST_FORGIVEN, max_size=14))
    typed = word
    for _ in range(forgiven(word)):
        typed = once_wrong(data.draw, typed)

    if distance(typed, word) <= min(forgiven(typed), forgiven(word)):
        assert near_keys(typed) & near_keys(word)


def test_keys_of_a_word_stay_few_and_short_words_have_none():
    assert len(near_keys("abcdefghijklmnop")) == 29
    assert near_keys("mer") == set()
    assert near_keys("20242025") == set()


def test_the_nearest_word_is_given_as_it_is_written():
    names = ["Repères dans la cité", "Les Répertoires"]

    assert nearest("rpeeres", names) == "Repères"
    assert nearest("reperes", names) == ""
    assert nearest("zanzibar", names) == ""
