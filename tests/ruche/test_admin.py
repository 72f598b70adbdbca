"""The tables: absent for all but an administrator with a second factor, and to read alone."""

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.access import NotVisible
from accounts.actions.reading import read_in_tables
from accounts.models import Actor, User
from groups.models import Membership, Publication, Visibility
from ruche.admin import tables
from ruche.journal.models import Audit
from tests.people import (
    a_client,
    a_group,
    a_membership,
    a_note,
    a_structure,
    a_user,
    acting_as,
    build_city,
    pass_second_factor,
)

pytestmark = pytest.mark.django_db

INDEX = "/bureau/admin/"
LISTS = [
    reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for model in tables._registry
]


@pytest.fixture
def city(db):
    return build_city()


@pytest.fixture
def browser(city):
    return pass_second_factor(a_client(city.administrator), city.administrator)


def row_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def absent(browser, path):
    answer = browser.get(path)
    nowhere = browser.get("/bureau/nulle-part")
    return answer.status_code == 404 and len(answer.content) == len(nowhere.content)


# --- Who is turned away -------------------------------------------------------


@pytest.mark.parametrize("who", [None, "resident", "organiser", "moderator"])
def test_everybody_else_finds_nothing_at_any_address(city, who):
    user = None if who is None else getattr(city, who)
    browser = a_client(user)
    if user is not None:
        pass_second_factor(browser, user)

    for path in (INDEX, *LISTS, row_of(city.resident), f"{INDEX}login/", f"{INDEX}logout/"):
        assert browser.get(path).status_code == 404, path
        assert browser.post(path).status_code == 404, path
    assert not Audit.objects.exists()


def test_an_administrator_without_the_second_factor_in_this_session_finds_nothing(city):
    browser = a_client(city.administrator)

    for path in (INDEX, *LISTS, row_of(city.resident)):
        assert browser.get(path).status_code == 404, path
    assert not Audit.objects.exists()
    assert INDEX not in browser.get("/bureau/reglages").content.decode()


def test_a_password_alone_is_no_second_factor(city):
    browser = pass_second_factor(a_client(city.administrator), city.administrator)
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": 0}]
    session.save()

    assert browser.get(INDEX).status_code == 404


def test_the_demonstration_lifts_it_for_its_own_accounts_alone(city, settings):
    settings.RUCHE_DEMO = True
    assert a_client(city.administrator).get(INDEX).status_code == 404

    of_the_demonstration = a_user("demo", role="administrator", awake=False, is_demo=True)
    assert a_client(of_the_demonstration).get(INDEX).status_code == 200

    settings.RUCHE_DEMO = False
    Authenticator.objects.create(user=of_the_demonstration, type="totp", data={})
    assert a_client(of_the_demonstration).get(INDEX).status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_nothing_is_changed_here(city, browser, method):
    for path in (INDEX, *LISTS, row_of(city.resident)):
        assert getattr(browser, method)(path, {"handle": "autre"}).status_code == 405, path
    for model in tables._registry:
        for what in ("add", "delete", "history"):
            with pytest.raises(NoReverseMatch):
                reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{what}")
    city.resident.refresh_from_db()
    assert city.resident.handle == "habitante"


@pytest.mark.parametrize(
    "query", ["password__startswith=a", "email__contains=habitante", "phone=1", "actor__summary=a"]
)
def test_the_address_asks_nothing_of_columns_that_are_not_shown(city, browser, query):
    assert browser.get(f"{INDEX}accounts/user/?{query}").status_code == 400


def test_what_is_not_known_elsewhere_is_not_known_here(city, browser):
    hidden = a_group("cachee", "Nom secret", visibility=Visibility.HIDDEN)
    closed = a_group("fermee", "Ruche fermée", visibility=Visibility.CLOSED)
    frail = a_group("fragile", "Ruche fragile", sensitive=True)
    inside = [a_membership(city.member, group) for group in (hidden, closed, frail)]
    unread = a_note(city.member, city.shelter)
    left = a_membership(city.banned, city.garden, state="banned")
    gone = a_user("partie")
    Actor.objects.filter(pk=gone.actor_id).update(deleted_at=timezone.now())
    structure = a_structure("quai", "Quai")
    Actor.objects.filter(pk=structure.actor_id).update(deleted_at=timezone.now())
    done = DBTaskResult.objects.create(
        status="SUCCESSFUL", args_kwargs={}, backend_name="default", run_after=timezone.now()
    )

    for row in (hidden, *inside, unread, left, gone, gone.actor, structure, done):
        assert browser.get(row_of(row)).status_code == 404, row
    assert not Audit.objects.exists()
    assert "Nom secret" not in "".join(browser.get(path).content.decode() for path in LISTS)


def test_only_an_administrator_writes_that_they_read(city):
    for user in (None, city.resident, city.moderator):
        with pytest.raises(NotVisible):
            read_in_tables(acting_as(user), row=city.resident)

    assert not Audit.objects.exists()


# --- What is read -------------------------------------------------------------


def test_an_administrator_reads_the_tables(city, browser):
    a_note(city.member, city.garden)
    index = browser.get(INDEX).content.decode()

    for path in LISTS:
        assert f'href="{path}"' in index
        assert browser.get(path).status_code == 200, path
    assert INDEX in browser.get("/bureau/reglages").content.decode()
    assert not Audit.objects.exists()


def test_each_row_of_somebody_that_is_opened_is_written_in_the_journal(city, browser):
    rows = [
        city.resident,
        city.resident.actor,
        Membership.objects.get(actor=city.member.actor, group=city.garden),
        a_note(city.member, city.garden),
    ]

    for row in rows:
        assert browser.get(row_of(row)).status_code == 200

    lines = Audit.objects.order_by("key").values_list("verb", "user_key", "object_key")
    by = city.administrator.pk
    assert list(lines) == [("read_in_tables", by, row.pk) for row in rows]
    assert "a ouvert une fiche dans les tables" in browser.get("/bureau/journal").content.decode()


def test_no_secret_no_number_and_no_word_is_shown(city, browser):
    User.objects.filter(pk=city.resident.pk).update(
        phone="+33612345678", phone_verified=True, password="pbkdf2$hache"
    )
    note = a_note(city.member, city.garden, source="Un mot", content="<p>Un mot</p>")
    task = DBTaskResult.objects.create(
        status="FAILED",
        args_kwargs={"kwargs": {"to": "habitante@courriel.test"}},
        traceback="code 123456",
        backend_name="default",
        run_after=timezone.now(),
    )
    paths = [*LISTS, *map(row_of, (city.resident, city.resident.actor, note, task))]

    shown = "".join(browser.get(path).content.decode() for path in paths)

    for word in ("@courriel.test", "345678", "pbkdf2", "JBSWY3DP", "Un mot", "123456"):
        assert word not in shown, word


@pytest.mark.parametrize("path", [INDEX, *LISTS])
def test_no_page_runs_a_script_or_carries_a_style(city, browser, path):
    text = browser.get(path).content.decode()

    assert "<script" not in text
    assert "<style" not in text
    assert " style=" not in text


def test_queries_do_not_grow_with_rows(city, browser):
    def cost():
        with CaptureQueriesContext(connection) as captured:
            for path in LISTS:
                browser.get(path)
        return len(captured)

    def fill(number):
        for each in range(number):
            user, group = a_user(f"u{number}-{each}"), a_group(f"g{number}-{each}")
            group.structure = a_structure(f"s{number}-{each}")
            group.save()
            a_membership(user, group)
            a_note(user, group)

    fill(2)
    few = cost()
    fill(6)

    assert Publication.objects.count() == 8
    assert cost() <= few
