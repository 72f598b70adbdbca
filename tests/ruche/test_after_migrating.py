"""What happens once tables changed."""

import pytest
from django.db import connection
from django.db.models.signals import post_migrate
from django.test.utils import CaptureQueriesContext

from ruche.apps import count_rows_again

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("plan", [[], ["a migration"]])
def test_postgresql_looks_at_tables_that_changed_alone(plan):
    with CaptureQueriesContext(connection) as asked:
        count_rows_again(using="default", plan=plan)

    analysed = [query["sql"] for query in asked if query["sql"].startswith("ANALYZE")]
    assert len(analysed) == (1 if plan and connection.vendor == "postgresql" else 0)
    assert "count_rows_again" in [key[0] for key, *_ in post_migrate.receivers]
