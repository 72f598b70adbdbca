"""No column that names a person is forgotten by the copy or by erasing."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models

from accounts.models import Actor, User
from groups.my_data.decisions import DECISIONS, PLAIN_KEYS, Decision, Fate
from groups.my_data.sections import SECTIONS
from tests.groups.lives import a_full_life

# The framework's own, whose rows hold no person.
_PLAIN = ("actor_key", "user_key", "author_key", "recipient_key")


def named_in(field: models.Field) -> bool:
    if field.is_relation:
        return (
            not field.auto_created
            and not field.many_to_many
            and field.related_model in (Actor, User)
        )
    return field.name.endswith(_PLAIN)


def columns() -> Iterator[str]:
    """Every column, of every model, that leads to an actor or to a user."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.get_fields():
            if isinstance(field, models.Field) and named_in(field):
                yield f"{model._meta.app_label}.{model._meta.object_name}.{field.name}"


def test_each_column_that_names_a_person_has_its_decision():
    decided = [decision.column for decision in DECISIONS]

    assert len(decided) == len(set(decided))
    found = set(columns())
    assert found - set(decided) == set(), (
        "say in groups/my_data/decisions.py what the copy shows of it and what erasing does with"
        " it, add a row to tests/groups/lives.py and, if it is shown, a section"
    )
    assert set(decided) - found == set(), "no such column any more"
    assert {column for column in found if column.startswith("journal.")} == PLAIN_KEYS


def test_a_decision_names_a_section_that_is_or_says_why_there_is_none():
    sections = {section.name for section in SECTIONS}

    for decision in DECISIONS:
        assert decision.shown_in in sections if decision.shown_in else decision.why, decision
        assert decision.fate != Fate.KEPT or decision.why, decision


def rows_of(decision: Decision, user: User) -> models.QuerySet:
    model = apps.get_model(decision.model)
    field = model._meta.get_field(decision.field)
    is_user = field.related_model is User or decision.field == "user_key"
    return model._default_manager.filter(**{decision.field: user.pk if is_user else user.actor_id})


# A structure's and a group's own actor: no person ever stands there.
NO_PERSON = {
    "accounts.Structure.actor",
    "accounts.Manager.actor",
    "groups.Group.actor",
    "groups.Draft.speaker",
}
# Made by closing the account.
LATER = {"accounts.Erasure.actor"}


@pytest.mark.django_db
def test_the_life_that_other_tests_erase_has_a_row_in_each_column(city):
    life = a_full_life(city)

    empty = {d.column for d in DECISIONS if not rows_of(d, life.user).exists()}

    assert empty == NO_PERSON | LATER
