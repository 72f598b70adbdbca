"""Sending pictures: who may not, what is refused, and the fields of the composer."""

import time
from datetime import timedelta
from typing import cast

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.access import NotVisible
from accounts.acting import Acting
from accounts.requests import Request
from groups.actions import attachments as actions
from groups.forms.attachments import pictures_of, take_pictures
from groups.models import (
    Attachment,
    MembershipState,
    Publication,
)
from ruche.core.pictures import PictureRefused, picture_folder
from ruche.journal.models import Entry
from tests.groups.pictures import a_photo, a_picture, media
from tests.people import a_client, a_note, acting_as

pytestmark = pytest.mark.django_db


# --- Who may not send, describe, bind or remove -------------------------------


def test_a_visitor_sends_no_picture(city):
    with pytest.raises(PermissionDenied):
        actions.attach_picture(Acting.anonymous("page"), file=a_photo())
    response = a_client().post(reverse("groups:attach"), {"photo": a_photo()})

    assert response.status_code == 302
    assert "next=" in response["Location"]
    assert not Attachment.objects.exists()


def test_somebody_who_was_suspended_sends_no_picture(city):
    city.member.actor.suspended_at = timezone.now()
    city.member.actor.save()

    with pytest.raises(PermissionDenied):
        actions.attach_picture(acting_as(city.member), file=a_photo())

    assert not Attachment.objects.exists()


def test_what_is_no_photo_is_refused_with_422_and_nothing_is_kept(city, settings):
    client = a_client(city.member)
    for name, content in (("a.png", b"<svg onload=alert(1)>"), ("b.jpg", b"%PDF-1.7")):
        file = SimpleUploadedFile(name, content, content_type="image/png")

        page = client.post(reverse("groups:attach"), {"photo": file})
        file.seek(0)
        fragment = client.post(
            reverse("groups:attach"), {"photo": file}, headers={"X-Fragment": "picture"}
        )

        assert page.status_code == fragment.status_code == 422
        assert "pas une photo" in fragment.content.decode()
        assert fragment["Content-Type"].startswith("text/plain")
    assert client.post(reverse("groups:attach")).status_code == 422
    assert not Attachment.objects.exists()
    assert not list(settings.MEDIA_ROOT.glob("*"))


def test_the_page_of_somebody_else_s_picture_is_absent(city):
    waiting = a_picture(city.member)
    published = a_picture(city.member, a_note(city.member, city.garden))
    client = a_client(city.organiser)

    for picture in (waiting, published):
        address = reverse("groups:picture", args=[picture.token])
        assert client.get(address).status_code == 404
        assert client.post(address, {"description": "à moi"}).status_code == 404
        assert client.post(address, {"remove": "1"}).status_code == 404

        picture.refresh_from_db()
        assert picture.description == ""
        assert picture_folder(picture.token).exists()


def test_a_stranger_s_picture_is_neither_bound_described_nor_removed(city):
    picture = a_picture(city.member)
    note = a_note(city.organiser, city.garden)
    stranger = acting_as(city.organiser)

    with pytest.raises(NotVisible):
        actions.bind_pictures(stranger, publication=note, tokens=[picture.token])
    with pytest.raises(NotVisible):
        actions.describe_picture(stranger, attachment=picture, description="à moi")
    with pytest.raises(NotVisible):
        actions.remove_picture(stranger, attachment=picture)

    picture.refresh_from_db()
    assert (picture.owner, picture.publication, picture.description) == (
        city.member.actor,
        None,
        "",
    )
    assert picture_folder(picture.token).exists()
    assert not Entry.objects.exists()


def test_nobody_puts_a_picture_into_somebody_else_s_message(city):
    picture = a_picture(city.member)
    note = a_note(city.organiser, city.garden)

    with pytest.raises(PermissionDenied):
        actions.bind_pictures(acting_as(city.member), publication=note, tokens=[picture.token])

    picture.refresh_from_db()
    assert picture.publication is None


def test_a_picture_stands_in_one_message_alone(city):
    acting = acting_as(city.member)
    first, second = a_note(city.member, city.garden), a_note(city.member, city.garden)
    picture = a_picture(city.member, first)

    with pytest.raises(NotVisible):
        actions.bind_pictures(acting, publication=second, tokens=[picture.token])

    picture.refresh_from_db()
    assert picture.publication == first


def test_four_pictures_are_the_most(city):
    pictures = [a_picture(city.member) for _ in range(5)]
    note = a_note(city.member, city.garden)

    with pytest.raises(ValidationError):
        actions.bind_pictures(
            acting_as(city.member), publication=note, tokens=[p.token for p in pictures]
        )

    assert not note.attachments.exists()


def test_a_picture_of_a_group_one_left_is_not_changed(city):
    picture = a_picture(city.member, a_note(city.member, city.garden))
    city.member.actor.memberships.update(state=MembershipState.LEFT)
    acting = acting_as(city.member)

    with pytest.raises(PermissionDenied):
        actions.describe_picture(acting, attachment=picture, description="x")
    with pytest.raises(PermissionDenied):
        actions.remove_picture(acting, attachment=picture)

    assert picture_folder(picture.token).exists()


def test_the_only_picture_of_a_message_without_words_stays(city):
    note = a_note(city.member, city.garden, source=" ")
    picture = a_picture(city.member, note)

    with pytest.raises(ValidationError):
        actions.remove_picture(acting_as(city.member), attachment=picture)

    assert note.attachments.exists()


def test_nine_pictures_do_not_wait_unless_the_oldest_is_stale(city):
    pictures = [a_picture(city.member) for _ in range(actions.MAX_WAITING)]

    with pytest.raises(PictureRefused, match="attendent"):
        actions.attach_picture(acting_as(city.member), file=a_photo())

    stale = timezone.now() - actions.STALE_AFTER - timedelta(minutes=1)
    Attachment.objects.filter(pk=pictures[3].pk).update(created_at=stale)
    actions.attach_picture(acting_as(city.member), file=a_photo())
    assert not Attachment.objects.filter(pk=pictures[3].pk).exists()


def test_a_long_description_is_refused(city):
    picture = a_picture(city.member)

    with pytest.raises(ValidationError):
        actions.describe_picture(acting_as(city.member), attachment=picture, description="a" * 1501)

    picture.refresh_from_db()
    assert picture.description == ""


def test_pictures_are_not_decoded_inside_a_transaction(city):
    with transaction.atomic(), pytest.raises(AssertionError):
        actions.attach_picture(acting_as(city.member), file=a_photo())


def test_a_failed_row_leaves_no_files(city, settings, monkeypatch):
    def fail(**_values):
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(Attachment.objects, "create", fail)

    with pytest.raises(RuntimeError):
        actions.attach_picture(acting_as(city.member), file=a_photo())

    assert not list(settings.MEDIA_ROOT.glob("*"))


MULTIPART = "multipart/form-data; boundary=x"


def a_part(name, content, *headers, file=False):
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if file:
        disposition += f'; filename="{name}.png"'
    return "\r\n".join(["--x", disposition, *headers, "", content, ""]).encode()


HOSTILE_BODIES = {
    "100 000 fields": a_part("a", "b") * 100_000 + b"--x--\r\n",
    "1 000 files": a_part("photo", "b", file=True) * 1_000 + b"--x--\r\n",
    "a field of 10 MB": a_part("a", "b" * 10_000_000) + b"--x--\r\n",
    "no last boundary": a_part("photo", "b", file=True),
    "10 MB of white": a_part(
        "photo", " " * 10_000_000, "Content-Transfer-Encoding: base64", file=True
    ) + b"--x--\r\n",
    "nothing": b"",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE_BODIES)
def test_a_hostile_form_is_refused_quickly(city, name):
    client = a_client(city.member)

    started = time.perf_counter()
    response = client.post(reverse("groups:attach"), HOSTILE_BODIES[name], content_type=MULTIPART)

    assert response.status_code in (400, 422)
    assert time.perf_counter() - started < 5  # Under one second when nothing else runs.
    assert not Attachment.objects.exists()


@pytest.mark.parametrize(
    "name", ["../../../etc/cron.d/x.png", "a\r\nSet-Cookie: x=1.png", '"><img src=x onerror=1>.png']
)
def test_the_name_of_a_file_is_never_used(city, settings, name):
    file = a_photo(name)

    response = a_client(city.member).post(reverse("groups:attach"), {"photo": file})

    picture = Attachment.objects.get()
    assert response.status_code == 302
    assert [folder.name for folder in settings.MEDIA_ROOT.iterdir()] == [picture.token]
    assert name not in str(list(a_client(city.member).get(media(picture, 600)).items()))


# --- The composer's fields ----------------------------------------------------


def a_request(data):
    return cast(Request, RequestFactory().post("/publier", data))


def taken(user, data, publication=None):
    return take_pictures(a_request(data), acting_as(user), publication=publication)


def test_a_composer_shown_again_keeps_pictures_and_their_words(city):
    waiting = a_picture(city.member)

    pictures = taken(
        city.member,
        {
            "picture": [waiting.token],
            f"description-{waiting.token}": "Le jardin",
            "photo": [a_photo(), SimpleUploadedFile("notes.txt", b"bonjour")],
        },
    )

    assert pictures.stay
    assert [row.description for row in pictures.rows] == ["Le jardin", ""]
    assert pictures.refusals == [
        "notes.txt : Ce fichier n’est pas une photo. Envoyez une image JPEG, PNG, WebP ou GIF."
    ]


def test_a_composer_takes_nothing_of_somebody_else(city):
    picture = a_picture(city.organiser)

    pictures = taken(
        city.member,
        {
            "picture": [picture.token],
            f"description-{picture.token}": "x",
            "remove_picture": picture.token,
        },
    )

    assert pictures.rows == []
    assert pictures.stay
    picture.refresh_from_db()
    assert picture.description == ""


def test_a_visitor_s_files_are_not_even_read(city):
    request = a_request({"photo": [a_photo()]})

    assert take_pictures(request, Acting.anonymous("page")).rows == []
    assert not Attachment.objects.exists()


def test_the_fifth_picture_is_refused_and_the_four_stay(city):
    pictures = taken(city.member, {"photo": [a_photo(f"{n}.png") for n in range(5)]})

    assert len(pictures.rows) == 4
    assert pictures.refusals[0].startswith("4.png")


def test_a_picture_that_waits_can_be_taken_out_without_script(city):
    one, two = a_picture(city.member), a_picture(city.member)

    pictures = taken(city.member, {"picture": [one.token, two.token], "remove_picture": one.token})

    assert pictures.stay
    assert pictures.tokens == [two.token]
    assert list(Attachment.objects.values_list("pk", flat=True)) == [two.pk]


def test_editing_takes_a_published_picture_out_only_when_it_is_saved(city):
    note = a_note(city.member, city.garden)
    picture = a_picture(city.member, note)

    pictures = taken(
        city.member, {"picture": [picture.token], "remove_picture": picture.token}, publication=note
    )

    assert pictures.tokens == []
    assert pictures_of(note).tokens == [picture.token]


def test_a_picture_of_another_message_does_not_come_into_a_composer(city):
    picture = a_picture(city.member, a_note(city.member, city.garden))

    pictures = taken(city.member, {"picture": [picture.token]})

    assert pictures.rows == []
    assert not pictures.stay


def test_a_picture_that_is_gone_is_asked_for_again(city):
    pictures = taken(city.member, {"picture": ["x" * 22]})

    assert pictures.stay
    assert "ajoutez-la à nouveau" in pictures.refusals[0]


def test_a_note_is_published_with_its_pictures_and_pressed_twice_stays_one(city):
    client = a_client(city.member)
    address = reverse("groups:publish_in", args=["jardin"])
    once = client.get(address).context["composer"].once
    picture = a_picture(city.member)
    sent = {
        "source": "Le jardin",
        "level": "5",
        "confirmed": "1",
        "once": once,
        "picture": picture.token,
        f"description-{picture.token}": "Des tomates",
    }

    first = client.post(address, {**sent, "photo": a_photo()})
    second = client.post(address, sent)

    assert (first.status_code, second.status_code) == (302, 302)
    note = Publication.objects.get()
    assert [row.description for row in note.attachments.all()] == ["Des tomates", ""]
    page = a_client().get(note.get_absolute_url()).content.decode()
    assert f"/m/{picture.token}/480 480w" in page
    assert 'alt="Des tomates"' in page


def test_a_refused_picture_gives_the_composer_back_with_everything_in_it(city):
    client = a_client(city.member)
    picture = a_picture(city.member)

    response = client.post(
        reverse("groups:publish_in", args=["jardin"]),
        {
            "source": "Le jardin au printemps",
            "level": "5",
            "picture": picture.token,
            f"description-{picture.token}": "Des tomates",
            "photo": SimpleUploadedFile("a.pdf", b"%PDF"),
        },
    )

    page = response.content.decode()
    assert response.status_code == 422
    assert not Publication.objects.exists()
    for kept in ("Le jardin au printemps", picture.token, "Des tomates", "n’est pas une photo"):
        assert kept in page
