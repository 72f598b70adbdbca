"""A copy of one's data: whole, of nobody else, fetched by its owner alone, gone within a day."""

import fcntl
import io
import json
import os
import re
import stat
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.acting import Acting
from accounts.models import User
from groups.actions.export import (
    KEPT_FOR,
    TooManyExports,
    ask_export,
    make_export,
    sweep_exports,
)
from groups.actions.memberships import leave
from groups.models import Attachment, Draft, Export, ExportState, Level, Like, Publication
from groups.my_data import archive
from groups.my_data.decisions import DECISIONS
from groups.my_data.files import being_written, export_path
from groups.my_data.labels import FOR_MACHINES, LABELS
from groups.my_data.sections import SECTIONS
from ruche.core.html import without_controls
from ruche.core.pictures import remove_picture_files
from ruche.journal.models import Audit, Notification
from ruche.worker import run_ready_jobs
from tests import sweep_city, sweep_words
from tests.groups.lives import a_full_life, a_picture
from tests.people import a_client, a_membership, a_note, a_user, acting_as
from tests.xss import PAYLOADS

pytestmark = pytest.mark.django_db
JOB = Acting.system("purge")


def made(user: User) -> Export:
    export = ask_export(acting_as(user))
    run_ready_jobs()
    export.refresh_from_db()
    assert export.state == ExportState.READY
    return export


def opened(export: Export) -> zipfile.ZipFile:
    return zipfile.ZipFile(export_path(export.token))


def data_of(export: Export) -> dict:
    with opened(export) as copy:
        assert copy.testzip() is None
        return json.loads(copy.read("donnees.json"))


def page_of(export: Export) -> str:
    with opened(export) as copy:
        return copy.read("index.html").decode()


def forget_the_first(life) -> None:
    """The life comes with a copy of its own, which counts."""
    Export.objects.filter(actor=life.user.actor).delete()


# --- Refusals -----------------------------------------------------------------


def test_nobody_asks_without_an_account(city):
    city.member.actor.suspended_at = timezone.now()
    for acting in (Acting.anonymous("page"), acting_as(city.member), Acting.system("test")):
        with pytest.raises(PermissionDenied):
            ask_export(acting)

    assert not Export.objects.exists()
    assert not DBTaskResult.objects.exists()


def test_a_copy_is_fetched_by_its_owner_alone(city):
    export = made(city.member)
    url = reverse("groups:my_copy", args=[export.pk])

    for user in (city.resident, city.organiser, city.moderator, city.administrator):
        assert a_client(user).get(url).status_code == 404
    assert a_client().get(url).status_code == 302
    assert a_client(city.member).get(url).status_code == 200


def test_a_copy_past_its_time_is_not_fetched(city):
    export = made(city.member)
    browser = a_client(city.member)
    url = reverse("groups:my_copy", args=[export.pk])
    assert export.expires_at is not None
    assert export.expires_at - timezone.now() <= timedelta(hours=24)
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert browser.get(url).status_code == 404
    assert "Télécharger" not in browser.get(reverse("groups:my_data")).content.decode()


def test_one_at_a_time_and_three_a_day(city):
    first = ask_export(acting_as(city.member))
    assert ask_export(acting_as(city.member)) == first
    run_ready_jobs()
    for _ in range(2):
        made(city.member)

    with pytest.raises(TooManyExports):
        ask_export(acting_as(city.member))
    page = a_client(city.member).post(reverse("groups:my_data"), follow=True)
    assert "Revenez demain" in page.content.decode()
    assert Export.objects.filter(state=ExportState.READY).count() == 1
    Export.objects.update(asked_at=timezone.now() - timedelta(hours=25))
    assert made(city.member)


# --- What is in it ------------------------------------------------------------


def test_each_section_that_a_decision_names_has_the_row_of_a_full_life(city):
    life = a_full_life(city)
    forget_the_first(life)

    data = data_of(made(life.user))

    assert data["format"] == "ruche-my-data"
    assert data["version"] == 1
    empty = {d.shown_in for d in DECISIONS if d.shown_in and not data[d.shown_in]}
    assert empty == set()
    assert {section.name for section in SECTIONS} <= data.keys()
    said = json.dumps(data, ensure_ascii=False)
    for words in ("Seul mot-partante", "Avant mot-partante", "Ma page", "Brouillon", "Parce que"):
        assert words in said
    for secret in (
        "secret-seed",
        "secret-nonce",
        life.link.token,
        life.link.seed,
        life.user.password,
    ):
        assert secret not in said
    # Other people's words: not one.
    for words in ("Je réponds", "Autrui", "Plainte"):
        assert words not in said


def test_publications_come_with_versions_pictures_and_the_addresses_of_answers(city, settings):
    life = a_full_life(city)
    forget_the_first(life)
    export = made(life.user)

    rows = {row["key"]: row for row in data_of(export)["publications"]}
    row = rows[str(life.answered.pk)]
    answer = Publication.objects.get(in_reply_to=life.answered)
    assert row["replies"] == [settings.PUBLIC_URL + answer.get_absolute_url()]
    assert [version["source"] for version in row["versions"]] == ["Avant mot-partante"]
    assert [each["description"] for each in row["pictures"]] == ["Photo mot-partante"]
    with opened(export) as copy:
        content = copy.read(row["pictures"][0]["file"])
        assert len([name for name in copy.namelist() if name.startswith("images/")]) == 2
    assert life.picture.token.encode() in content
    reply = rows[str(life.reply.pk)]
    assert reply["in_reply_to"].endswith(life.others_note.get_absolute_url())


def test_what_one_may_no_longer_see_is_not_named(city):
    city.shelter.actor.name = "Nom du refuge secret"
    city.shelter.actor.save()
    city.shelter.visibility = "hidden"
    city.shelter.join_policy = "invitation"
    city.shelter.save()
    note = a_note(city.organiser, city.shelter, source="Secret du refuge")
    a_note(city.member, city.shelter, source="Ma réponse", in_reply_to=note, root=note)
    Like.objects.create(publication=note, actor=city.member.actor)
    before = data_of(made(city.member))
    assert "Nom du refuge secret" in json.dumps(before, ensure_ascii=False)
    assert before["likes"][0]["of"].endswith(note.get_absolute_url())

    leave(acting_as(city.member), group=city.shelter)
    after = data_of(made(city.member))

    assert "Nom du refuge secret" not in json.dumps(after, ensure_ascii=False)
    assert str(note.pk) not in json.dumps(after)
    # One's own words stay one's own.
    assert after["publications"][0]["source"] == "Ma réponse"
    assert (after["publications"][0]["group"], after["likes"][0]["of"]) == (None, None)


def test_no_copy_holds_a_word_that_its_owner_may_not_read(db):
    city = sweep_words.build()
    for identity in sweep_city.IDENTITIES:
        user = city.users[identity]
        if user is None or identity == sweep_city.SUSPENDED:
            continue
        with opened(made(user)) as copy:
            said = "".join(copy.read(name).decode(errors="replace") for name in copy.namelist())
        met = {
            name
            for name, canary in city.canaries.items()
            if canary.word in said and identity not in canary.seen_by
        }
        own = {name for name in met if is_own(city, user, name)}
        assert met - own == set(), identity


def is_own(city: sweep_city.SweptCity, user: User, name: str) -> bool:
    """What the person wrote, wherever it went since."""
    word = city.canaries[name].word
    return (
        Publication.objects.filter(author=user.actor, source__contains=word).exists()
        or Attachment.objects.filter(owner=user.actor, description__contains=word).exists()
        or Audit.objects.filter(actor_key=user.actor_id, reason__contains=word).exists()
        or Draft.objects.filter(actor=user.actor, source__contains=word).exists()
    )


OF_THE_PAGE = set(
    (  # noqa: SIM905 - a list of words reads best as words
        "html head meta title style body header h1 h2 p nav ul li a main section article dl dt dd"
        " div time span"
    ).split()
)


def test_a_copy_is_a_page_without_script_whatever_was_written(city):
    for payload in PAYLOADS:
        # As it is written: PostgreSQL takes no NUL.
        a_note(city.member, city.garden, source=without_controls(payload), content="")
    city.member.actor.name = "<script>alert(1)</script>"
    city.member.actor.summary = '"><img src=x onerror=alert(1)>'
    city.member.actor.save()

    page = page_of(made(city.member))

    assert "<script" not in page
    tags = set(re.findall(r"<([a-z][a-z0-9]*)", page))
    assert tags <= OF_THE_PAGE
    assert not re.search(r"<[^>]*\son[a-z]+=", page)
    assert re.findall(r'(?:src|href)="(?!#|images/|http://)[^"]*"', page) == []


def test_the_page_says_the_same_in_french(city):
    life = a_full_life(city)
    forget_the_first(life)

    page = page_of(made(life.user))

    assert '<html lang="fr">' in page
    assert "Seul mot-partante" in page
    assert "Mes messages" in page
    assert f"Image {life.picture.pk}" not in page
    assert f'src="images/{life.picture.pk}.webp"' in page


def test_each_field_has_its_word_on_the_page(city):
    life = a_full_life(city)
    forget_the_first(life)
    data = data_of(made(life.user))

    fields = {field for section in SECTIONS for record in data[section.name] for field in record}

    assert fields - FOR_MACHINES <= LABELS.keys()
    assert LABELS.keys() - fields == set()


def test_the_shape_is_documented(city, settings):
    text = (Path(settings.BASE_DIR) / "docs" / "my-data.md").read_text()
    life = a_full_life(city)
    forget_the_first(life)
    data = data_of(made(life.user))

    assert f"version {archive.VERSION}" in text
    for section in SECTIONS:
        line = re.search(rf"^\| `{section.name}` \|.*$", text, re.MULTILINE)
        assert line, section.name
        for field in data[section.name][0]:
            assert f"`{field}`" in line[0], (section.name, field)


# --- How it is made -----------------------------------------------------------


def test_queries_grow_with_batches_not_with_rows(city, django_assert_max_num_queries):
    for number in range(150):
        note = a_note(city.member, city.garden, source=f"Message {number}")
        Like.objects.create(publication=note, actor=city.member.actor)
    export = ask_export(acting_as(city.member))

    with django_assert_max_num_queries(160):
        make_export.call(export.pk)

    assert len(data_of(export)["publications"]) == 150


def test_the_page_shows_how_far_it_is_and_tells_when_it_is_ready(city, mailoutbox):
    browser = a_client(city.member)
    url = reverse("groups:my_data")
    assert "Préparer mes données" in browser.get(url).content.decode()

    browser.post(url)
    assert "La copie se prépare" in browser.get(url).content.decode()
    Export.objects.update(done=3, total=12)
    assert 'value="3" max="12"' in browser.get(url).content.decode()
    run_ready_jobs()

    assert "La copie est prête" in browser.get(url).content.decode()
    told = Notification.objects.get(recipient_key=city.member.actor_id, object_kind="export")
    assert told.actor_key == 0
    assert (
        "Vos données sont prêtes" in browser.get(reverse("groups:notifications")).content.decode()
    )
    assert [mail.to for mail in mailoutbox] == [["membre@courriel.test"]]


def test_what_is_fetched_is_the_file(city):
    export = made(city.member)
    answer = a_client(city.member).get(reverse("groups:my_copy", args=[export.pk]))

    with pytest.warns(Warning, match="asynchronous iterators"):
        # Only the test's own client is not asynchronous.
        content = b"".join(answer)
    assert content == export_path(export.token).read_bytes()
    assert int(answer["Content-Length"]) == len(content) == export.size
    assert "attachment" in answer["Content-Disposition"]
    assert "no-store" in answer["Cache-Control"]
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None


def test_the_file_is_read_by_nobody_else_on_the_machine(city, settings):
    path = export_path(made(city.member).token)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for served in (settings.MEDIA_ROOT, settings.STATIC_ROOT):
        assert not path.is_relative_to(served)
    assert sorted(p.suffix for p in path.parent.iterdir()) == [".lock", ".zip"]


@pytest.mark.parametrize("after", [0, 1, 2])
def test_killed_in_the_middle_it_begins_again_and_leaves_no_half_file(city, after, monkeypatch):
    """The process dies at a batch: in a child, as a kill would."""
    for number in range(250):
        a_note(city.member, city.garden, source=f"Message {number}")
    export = ask_export(acting_as(city.member))
    acting = acting_as(city.member)
    child = os.fork()
    if child == 0:
        calls = iter(range(99))

        def told(done):
            if next(calls) >= after:
                os._exit(9)

        try:
            with being_written(export.token) as part:
                assert part is not None
                archive.write_archive(acting, part, told)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    assert not export_path(export.token).exists()
    assert export_path(export.token).with_suffix(".part").exists()

    run_ready_jobs()

    export.refresh_from_db()
    assert export.state == ExportState.READY
    assert len(data_of(export)["publications"]) == 250
    assert not export_path(export.token).with_suffix(".part").exists()


def test_two_workers_do_not_write_the_same_copy(city):
    export = ask_export(acting_as(city.member))
    with being_written(export.token) as part:
        make_export.call(export.pk)
        assert part is not None
        assert part.stat().st_size == 0

    export.refresh_from_db()
    assert export.state == ExportState.MAKING
    make_export.call(export.pk)
    assert data_of(export)


def test_a_lock_is_let_go_by_a_process_that_dies(city):
    export = ask_export(acting_as(city.member))
    with being_written(export.token):
        pass
    with export_path(export.token).with_suffix(".lock").open("r+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert lock.fileno() > 0


def test_who_is_gone_in_the_meantime_gets_no_copy(city):
    export = ask_export(acting_as(city.member))
    city.member.actor.deleted_at = timezone.now()
    city.member.actor.save()

    run_ready_jobs()

    export.refresh_from_db()
    assert export.state == ExportState.GONE
    assert not export_path(export.token).exists()


def test_a_picture_that_went_in_the_meantime_is_left_out(city):
    note = a_note(city.member, city.garden)
    picture = a_picture(city.member, note)
    remove_picture_files(picture.token)

    with opened(made(city.member)) as copy:
        assert copy.namelist() == ["donnees.json", "index.html"]


# --- How it goes --------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_copy_goes_at_its_time_by_its_job_and_by_the_round(city):
    for way in ("job", "round"):
        Export.objects.all().delete()
        export = made(city.member)
        path = export_path(export.token)
        assert path.exists()
        job = DBTaskResult.objects.get(task_path__endswith="discard_export")
        assert job.run_after - timezone.now() <= KEPT_FOR
        Export.objects.update(expires_at=timezone.now())
        if way == "job":
            DBTaskResult.objects.update(run_after=timezone.now())
            run_ready_jobs()
        else:
            assert sweep_exports(JOB) == 1
        assert not path.exists()
        assert Export.objects.get().state == ExportState.GONE


@pytest.mark.django_db(transaction=True)
def test_another_copy_takes_the_place_of_the_first(city):
    first = made(city.member)
    made(city.member)

    assert not export_path(first.token).exists()


def test_the_round_begins_again_what_was_lost_and_removes_files_of_nobody(city):
    export = ask_export(acting_as(city.member))
    DBTaskResult.objects.all().delete()
    stray = export_path("x" * 22)
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"zip")
    assert sweep_exports(JOB) == 1
    assert not stray.exists()
    assert not DBTaskResult.objects.exists()
    Export.objects.update(asked_at=timezone.now() - timedelta(hours=1))

    sweep_exports(JOB)
    run_ready_jobs()

    export.refresh_from_db()
    assert export.state == ExportState.READY
    with pytest.raises(PermissionDenied):
        sweep_exports(acting_as(city.administrator))


def test_a_copy_shows_the_level_of_each_message(city):
    a_note(city.member, city.garden, level=Level.MEMBERS)
    a_membership(a_user("autre"), city.garden)

    data = data_of(made(city.member))

    assert [row["level"] for row in data["publications"]] == [Level.MEMBERS]
