"""What each engine needs to find words quickly. Source: docs/decisions/0019."""

from django.db import migrations

from ruche.index import engine


def install(apps, schema_editor):
    engine.install(schema_editor.connection)


def remove(apps, schema_editor):
    engine.remove(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("index", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
