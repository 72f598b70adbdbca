"""Who is turned away from what concerns accounts, and that nothing was written."""

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.access import NotVisible
from accounts.acting import Acting
from accounts.actions import follows, security
from accounts.actions.accounts import set_language
from accounts.actions.display import choose_display
from accounts.actions.structures import name_manager
from accounts.models import Actor, ActorType, Block, Follow, Manager, Mute
from ruche.journal.models import Audit, Entry, Notification
from tests.people import a_structure, a_user, acting_as

pytestmark = pytest.mark.django_db

GONE = ["closed", "suspended_at", "deleted_at"]


def is_gone(user, how):
    if how == "closed":
        user.is_active = False
        user.save()
    else:
        setattr(user.actor, how, timezone.now())
        user.actor.save()
    return acting_as(user)


def a_remote_actor(name):
    return Actor.objects.create(
        type=ActorType.PERSON, handle=name, domain="a.example", uri=f"https://a.example/{name}"
    )


def nothing_written():
    rows = (Follow, Block, Mute, Entry, Notification, Audit)
    return not any(model.objects.exists() for model in rows)


@pytest.mark.parametrize("act", [follows.follow, follows.block, follows.mute])
@pytest.mark.parametrize("how", GONE)
def test_who_is_gone_follows_blocks_and_mutes_nobody(act, how):
    user, target = a_user("partie"), a_user("habitante")

    with pytest.raises(PermissionDenied):
        act(is_gone(user, how), target=target.actor)

    assert nothing_written()


@pytest.mark.parametrize("how", GONE)
def test_who_is_gone_takes_nothing_back(how):
    user, target = a_user("partie"), a_user("habitante")
    Follow.objects.create(follower=user.actor, target=target.actor, state="accepted")
    Follow.objects.create(follower=target.actor, target=user.actor, state="asked")
    Block.objects.create(actor=user.actor, target=target.actor)
    Mute.objects.create(actor=user.actor, target=target.actor)
    acting = is_gone(user, how)

    for act in (
        lambda: follows.unfollow(acting, target=target.actor),
        lambda: follows.unblock(acting, target=target.actor),
        lambda: follows.unmute(acting, target=target.actor),
        lambda: follows.accept_follow(acting, follower=target.actor),
        lambda: follows.reject_follow(acting, follower=target.actor),
    ):
        with pytest.raises(PermissionDenied):
            act()

    assert set(Follow.objects.values_list("state", flat=True)) == {"accepted", "asked"}
    assert Block.objects.count() == Mute.objects.count() == 1
    assert not Entry.objects.exists()


def test_this_city_lends_no_follows_between_two_others():
    one, other = a_remote_actor("une"), a_remote_actor("autre")

    with pytest.raises(PermissionDenied):
        follows.follow(Acting.remote(one), target=other)

    assert nothing_written()
    assert follows.follow(Acting.remote(one), target=a_user("habitante").actor)


def test_nobody_from_elsewhere_mutes_here():
    target = a_user("habitante")

    with pytest.raises(PermissionDenied):
        follows.mute(Acting.remote(a_remote_actor("loin")), target=target.actor)

    assert nothing_written()


@pytest.mark.parametrize("act", [follows.accept_follow, follows.reject_follow])
def test_who_did_not_ask_is_neither_accepted_nor_refused(act):
    user, other, follower = a_user("habitante"), a_user("voisine"), a_user("suiveuse")
    Follow.objects.create(follower=follower.actor, target=other.actor, state="asked")

    with pytest.raises(NotVisible):
        act(acting_as(user), follower=follower.actor)

    assert Follow.objects.get().state == "asked"
    assert not Entry.objects.exists()


# --- How one reads ------------------------------------------------------------------


@pytest.mark.parametrize("how", GONE)
def test_nothing_is_kept_for_who_is_gone(how):
    user = a_user("partie", language="fr", theme="light")
    acting = is_gone(user, how)

    choose_display(acting, theme="dark", text_size="large", language="br")
    with pytest.raises(PermissionDenied):
        set_language(acting, language="br")

    user.refresh_from_db()
    assert (user.theme, user.text_size, user.language) == ("light", "", "fr")


def test_a_visitor_keeps_nothing():
    choose_display(acting_as(None), theme="dark")
    with pytest.raises(PermissionDenied):
        set_language(acting_as(None), language="br")


# --- Ways back ------------------------------------------------------------------------


def test_a_fourth_address_and_an_eleventh_key_are_too_many():
    user = a_user("habitante")
    for number in range(security.MAILS_AT_MOST - 1):
        security.add_mail(acting_as(user), email=f"h{number}@courriel.test")
    Authenticator.objects.bulk_create(
        [
            Authenticator(user=user, type="webauthn", data={"name": f"Clé {number}"})
            for number in range(security.PASSKEYS_AT_MOST)
        ]
    )

    with pytest.raises(security.TooMany):
        security.add_mail(acting_as(user), email="encore@courriel.test")
    with pytest.raises(security.TooMany):
        security.add_passkey(acting_as(user), name="Encore", credential={})

    assert EmailAddress.objects.filter(user=user).count() == security.MAILS_AT_MOST
    assert Authenticator.objects.filter(user=user).count() == security.PASSKEYS_AT_MOST


def test_a_closed_account_is_named_to_act_for_nothing():
    user, closed = a_user("habitante"), a_user("fermee", is_active=False)
    structure = a_structure("asso", "", user)

    with pytest.raises(PermissionDenied):
        name_manager(acting_as(user), structure=structure, user=closed, role="manager")

    assert Manager.objects.count() == 1
    assert nothing_written()
