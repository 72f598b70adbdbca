"""The index finds what it holds, alike on both engines, and is made anew from the rows."""

import io

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groups.actions.indexing import GROUPS, NOTES, SOURCES, mend_index
from groups.models import Publication
from ruche.core.stems import asked, terms
from ruche.index.models import Asked, Document
from ruche.index.writing import BATCH, keep, mend_next, outdate
from ruche.worker import run_ready_jobs
from tests.people import a_group, a_note, a_user

pytestmark = pytest.mark.django_db

WORDS = ["rue", "ruche", "ruches", "mer", "12", "1e5", "œuf", "straße", "кот", "Ελλάδα", "中文"]
WORDS += ["n°", "½", "x²", "l'eau", "a*b"]


def keys(**matches):
    return set(Document.objects.filter(**matches).values_list("object_key", flat=True))


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(st.lists(st.sampled_from(WORDS), max_size=5), max_size=5),
    question=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    either=st.booleans(),
    beginning=st.booleans(),
)
def test_the_engine_finds_what_the_words_say(texts, question, either, beginning):
    """Each engine is held to the same few lines of Python, so both agree."""
    Document.objects.all().delete()
    held = {n: terms(" ".join(text)) for n, text in enumerate(texts)}
    Document.objects.bulk_create(
        Document(kind="essai", object_key=n, words=words) for n, words in held.items()
    )
    words = asked(" ".join(question))

    def there(word, text):
        return [w for w in text.split() if w == word or (beginning and w.startswith(word))]

    enough = any if either else all
    expected = {n for n, text in held.items() if enough([bool(there(w, text)) for w in words])}
    if not words:
        expected = set()
    assert keys(words__matches=Asked(words, beginning=beginning, any=either)) == expected


def test_each_column_is_looked_up_by_itself():
    Document.objects.create(kind="essai", object_key=1, name="jardin", words="jardin rose", near="")
    Document.objects.create(kind="essai", object_key=2, name="rose", words="rose", near="jardin")

    assert keys(name__matches=Asked(("rose",))) == {2}
    assert keys(words__matches=Asked(("jardin",))) == {1}
    assert keys(near__matches=Asked(("jardin",))) == {2}
    assert keys(words__matches=Asked(())) == set()


def test_a_changed_and_a_deleted_document_are_found_no_more():
    document = Document.objects.create(kind="essai", object_key=1, words="avant")
    document.words = "apres"
    document.save()

    assert keys(words__matches=Asked(("avant",))) == set()
    assert keys(words__matches=Asked(("apres",))) == {1}
    document.delete()
    assert keys(words__matches=Asked(("apres",))) == set()


def test_a_row_is_kept_once_and_leaves_when_it_is_gone():
    note = a_note(a_user("autrice"), source="Du pain frais")
    keep(NOTES, note.pk)
    keep(NOTES, note.pk)

    assert Document.objects.get().words == "du pain frais frai"
    Publication.objects.filter(pk=note.pk).update(deleted_at=timezone.now())
    keep(NOTES, note.pk)
    assert not Document.objects.exists()


def test_words_of_a_sensitive_or_hidden_group_are_not_even_kept():
    author = a_user("autrice")
    sensitive = a_group("sensible", sensitive=True, visibility="closed")
    hidden = a_group("cachee", visibility="hidden", join_policy="invitation")
    notes = [a_note(author, group, source="un secret") for group in (sensitive, hidden)]
    keep(GROUPS, sensitive.pk, hidden.pk)
    keep(NOTES, *(note.pk for note in notes))

    assert set(Document.objects.values_list("kind", "object_key")) == {("notes", notes[1].pk)}


# --- Made anew ----------------------------------------------------------------


def reindex(**options):
    said = io.StringIO()
    call_command("reindex", stdout=said, **options)
    return said.getvalue()


def test_reindex_finds_what_no_action_wrote_and_drops_what_is_gone():
    note = a_note(a_user("autrice"), source="Du pain frais")
    Document.objects.create(kind="notes", object_key=4, words="orphelin")

    assert "notes : 1 indexés, 1 retirés" in reindex()
    assert keys(words__matches=Asked(("pain",))) == {note.pk}
    assert keys(words__matches=Asked(("orphelin",))) == set()
    assert "notes : 0 indexés, 0 retirés" in reindex()


def test_a_reindex_that_was_cut_takes_up_where_it_stopped():
    author = a_user("autrice")
    for number in range(BATCH + 5):
        a_note(author, source=f"Message {number}")
    reindex()
    Document.objects.filter(kind="notes").update(words="perime")
    outdate()
    mend_next(NOTES)  # Cut after the first batch.

    assert "notes : 5 indexés" in reindex()
    assert keys(words__matches=Asked(("perime",))) == set()
    assert len(keys(words__matches=Asked(("message",)))) == BATCH + 5


def test_reindex_all_makes_everything_anew():
    a_note(a_user("autrice"), source="Du pain frais")
    reindex()
    Document.objects.update(words="perime")

    reindex()
    assert keys(words__matches=Asked(("pain",))) == set()
    reindex(all=True)
    assert len(keys(words__matches=Asked(("pain",)))) == 1


def test_the_worker_mends_the_index_batch_by_batch():
    author = a_user("autrice")
    notes = [a_note(author, source=f"Message {number}") for number in range(BATCH + 1)]
    group = a_group("ruche", "Ruche du pain")
    Document.objects.create(kind="people", object_key=4, words="orphelin")
    mend_index.enqueue()

    # Groups, two batches of notes, people.
    assert run_ready_jobs() == len(SOURCES) + 1
    assert keys(kind="notes") == {note.pk for note in notes}
    assert keys(kind="groups") == {group.pk}
    assert keys(kind="people") == set()


def test_the_words_are_asked_of_an_index_not_of_the_rows():
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Document.objects.filter(words__matches=Asked(("pain",))).explain()

    assert ("VIRTUAL TABLE INDEX" if connection.vendor == "sqlite" else "index_document_words") in (
        plan
    )
