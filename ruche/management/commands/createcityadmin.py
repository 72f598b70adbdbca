"""`manage.py createcityadmin`: the first administrator of a city, who then signs in by mail."""

import sys
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.core.validators import validate_email

from accounts.acting import Acting
from accounts.actions.accounts import AddressTaken, create_account
from accounts.actions.handles import HandleTaken
from accounts.models import CityRole
from accounts.roles import role_code


class Command(BaseCommand):
    help = "Ouvre un compte d’administration de la ville."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("handle", help="nom court, en minuscules, qui ne changera jamais")
        parser.add_argument("--email", required=True, help="adresse où arrivent ses codes")
        parser.add_argument("--name", default="", help="nom montré (sinon le nom court)")

    def handle(self, *args: Any, handle: str, email: str, name: str, **options: Any) -> None:
        try:
            validate_email(email)
            user = create_account(
                Acting.system("createcityadmin"),
                name=name or handle,
                handle=handle,
                email=email,
                city_role=CityRole.ADMINISTRATOR,
            )
        except HandleTaken:
            self._refuse(
                f"Le nom « {handle} » est pris, réservé ou mal formé : choisissez-en un autre, en"
                " minuscules sans accents ni espaces."
            )
        except AddressTaken:
            self._refuse(f"L’adresse {email} mène déjà à un compte : donnez-en une autre.")
        except ValidationError as error:
            self._refuse(" ".join(error.messages))
        else:
            self.stdout.write(
                f"Le compte {user.handle} administre La Ruche de {settings.RUCHE_CITY}. Sur"
                f" {settings.PUBLIC_URL}/connexion, son adresse {user.email} reçoit un code."
                f" Son rôle dort jusqu’à sa deuxième serrure, que pose le code {role_code(user)} :"
                " remettez-le en main propre, jamais par mail. « manage.py rolecode » le redit."
            )

    def _refuse(self, sentence: str) -> None:
        self.stderr.write(sentence)
        sys.exit(1)
