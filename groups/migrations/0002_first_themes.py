"""
The themes a city starts with; it keeps its own list from then on.

The first nine are the headings of need of Repères dans la cité. Source: a-brest, article 5440.
"""

from django.db import migrations

THEMES = [
    ("droits", "Accéder aux droits"),
    ("sac", "Poser son sac"),
    ("former", "Se former"),
    ("deplacer", "Se déplacer"),
    ("culture", "Accéder aux loisirs et à la culture"),
    ("soigner", "Se soigner"),
    ("soin", "Prendre soin de soi"),
    ("nourrir", "Se nourrir"),
    ("toit", "Avoir un toit"),
    ("voisinage", "Voisinage"),
    ("numerique", "Numérique"),
    ("memoire", "Mémoire et savoirs partagés"),
]


def fill(apps, schema_editor):
    theme = apps.get_model("groups", "Theme")
    for position, (slug, name) in enumerate(THEMES):
        theme.objects.get_or_create(slug=slug, defaults={"name": name, "position": position})


class Migration(migrations.Migration):
    dependencies = [("groups", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
