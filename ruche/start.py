"""What must be true before the city opens; each refusal is one sentence that says what to do."""

import os
import socket
import tempfile
from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, OperationalError, ProgrammingError, connection

from accounts.models import User
from ruche.core.owner import NoRole, as_owner, may_rewrite
from ruche.core.proxies import networks
from ruche.journal.triggers import APPEND_ONLY
from ruche.mail.answers import mailbox_of
from ruche.models import Instance

LOOPBACK = ("127.0.0.1", "localhost", "::1")
DEMO_DOMAINS = ("localhost", ".localhost", ".test", ".example")


class CannotStart(Exception):
    """Its text is for the operator."""


def check_data_folder() -> None:
    folder = settings.RUCHE_DATA
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotStart(
            f"Le dossier {folder} ne s’ouvre pas en écriture ({error.strerror}) :"
            " donnez-en les droits à ce compte ou choisissez-en un autre avec RUCHE_DATA=/chemin."
        ) from error


def check_settings(address: str, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse what would be unsafe: a demonstration seen from outside, a city without secrets."""
    try:
        networks(settings.RUCHE_TRUSTED_PROXIES)
    except ValueError as error:
        raise CannotStart(
            f"RUCHE_TRUSTED_PROXIES contient autre chose que des adresses ({error}) :"
            " écrivez par exemple 127.0.0.1,10.0.0.0/8."
        ) from error
    try:
        if settings.RUCHE_INCOMING_MAIL:
            mailbox_of(settings.RUCHE_INCOMING_MAIL)
    except ImproperlyConfigured as error:
        raise CannotStart(str(error)) from error
    if settings.RUCHE_DEMO:
        _check_demonstration(address)
        return
    asked = {
        "RUCHE_DOMAIN": "donnez le nom de domaine de la ville, par exemple"
        " RUCHE_DOMAIN=ruche.example.org",
        "RUCHE_SECRET_KEY": "donnez une phrase secrète longue et stable, par exemple"
        ' RUCHE_SECRET_KEY="$(openssl rand -base64 48)", et gardez-la',
        "EMAIL_URL": "donnez le serveur de mail, par exemple"
        " EMAIL_URL=smtp+tls://compte:motdepasse@mail.example.org:587",
    }
    missing = [
        f"Il manque {name} : {how}." for name, how in asked.items() if not environment.get(name)
    ]
    if missing:
        missing.append("Pour essayer La Ruche sans rien régler, lancez plutôt « make run ».")
        raise CannotStart("\n".join(missing))


def _check_demonstration(address: str) -> None:
    if address not in LOOPBACK:
        raise CannotStart(
            f"La démonstration n’écoute que sur 127.0.0.1, pas sur {address} : ses comptes sont"
            " connus de tous. Pour ouvrir une vraie ville, lancez sans RUCHE_DEMO."
        )
    host = settings.RUCHE_DOMAIN.rsplit(":", 1)[0]
    if not any(host == end or (end[0] == "." and host.endswith(end)) for end in DEMO_DOMAINS):
        raise CannotStart(
            f"La démonstration ne porte pas le nom « {host} » : RUCHE_DOMAIN doit être localhost"
            " ou finir par .localhost, .test ou .example."
        )


def bound_socket(address: str, port: int) -> socket.socket:
    """Take the port now, so that nothing is built for nothing; it listens later."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((address, port))
    except OSError as error:
        taken.close()
        raise CannotStart(
            f"Le port {port} de {address} n’est pas libre ({error.strerror}) : arrêtez ce qui"
            f" l’occupe ou choisissez-en un autre, par exemple « PORT={port + 1} make run »."
        ) from error
    return taken


def check_database() -> None:
    """Refuse a PostgreSQL that does not answer within 5 s (the pool alone would wait for 20)."""
    if connection.vendor == "postgresql":
        options = connection.settings_dict["OPTIONS"]
        connection.settings_dict["OPTIONS"] = {**options, "pool": False, "connect_timeout": 5}
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        where = settings.DATABASES["default"]
        place = where.get("HOST") or where["NAME"]
        raise CannotStart(
            f"La base de données ne répond pas ({place}) : {str(error).strip().splitlines()[-1]}."
            " Vérifiez qu’elle est lancée et que DATABASE_URL est juste."
        ) from error
    finally:
        connection.close()
        if connection.vendor == "postgresql":
            connection.settings_dict["OPTIONS"] = options


def migrate() -> None:
    """Bring the tables up to date, under their owner; refuse where this role may not."""
    try:
        with as_owner():
            connection.ensure_connection()
        call_command("migrate", interactive=False, verbosity=0)
    except (NoRole, CommandError) as refusal:
        raise CannotStart(str(refusal)) from refusal
    except OperationalError as error:
        raise CannotStart(
            "La base de données ne répond pas à son propriétaire :"
            f" {str(error).strip().splitlines()[-1]}. Vérifiez RUCHE_DATABASE_OWNER_URL."
        ) from error
    except ProgrammingError as error:
        raise CannotStart(
            "Les tables ne sont pas à jour et ce rôle ne peut pas les changer"
            f" ({str(error).splitlines()[0]}) : lancez"
            " « manage.py migrate » avec RUCHE_DATABASE_OWNER_URL, celle de leur propriétaire."
        ) from error


def check_role() -> None:
    """Refuse processes that could rewrite the audit although the tables have an owner."""
    if not settings.RUCHE_DATABASE_OWNER:
        return
    # Its role may have been made a moment ago.
    check_database()
    for table in APPEND_ONLY:
        if may_rewrite(table):
            raise CannotStart(
                f"Le rôle de DATABASE_URL peut encore réécrire {table} : il possède les tables ou"
                " il a trop de droits. Donnez-les à leur propriétaire par « REASSIGN OWNED BY …"
                " TO … », ôtez-lui SUPERUSER et l’appartenance au propriétaire, puis relancez."
            )


def lock_domain(move_to: str = "") -> None:
    """
    Pin the database to RUCHE_DOMAIN at the first production start, refuse another one after.

    ``move_to`` is the operator's word that the old name redirects here.
    """
    domain = settings.RUCHE_DOMAIN
    if User.objects.filter(is_demo=True).exists():
        raise CannotStart(
            "Cette base contient la ville de démonstration, dont les comptes sont connus de tous :"
            " donnez-en une neuve avec DATABASE_URL ou RUCHE_DATA."
        )
    instance, _ = Instance.objects.get_or_create(pk=1, defaults={"domain": domain})
    if instance.domain == domain:
        return
    if move_to == domain:
        Instance.objects.filter(pk=1).update(domain=domain)
        return
    raise CannotStart(
        f"Cette base est celle de {instance.domain}, pas de {domain} : remettez"
        f" RUCHE_DOMAIN={instance.domain}. Pour vraiment changer de nom, faites d’abord rediriger"
        f" {instance.domain} vers {domain} pour toujours (affiches, agendas et autres villes le"
        f" connaissent ; les clés d’accès seront à refaire), puis lancez une fois"
        f" « manage.py serve --move-to {domain} »."
    )
