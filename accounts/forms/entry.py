"""What is asked at the door."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.actions.handles import HANDLE_MAX_LENGTH, clean_handle, is_free
from accounts.models import User
from accounts.ways import clean_email, clean_phone, identify

_CONTACT = _(
    "Écrivez une adresse mail, comme nom@exemple.fr, ou un téléphone, comme 06 39 98 00 00."
)


class IdentifierForm(forms.Form):
    """One field for whatever leads to the person."""

    identifier = forms.CharField(
        label=_("Votre adresse mail, votre téléphone ou votre nom court"),
        help_text=_("Par exemple : 06 39 98 00 00. Il ne sera montré à personne."),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "username webauthn"}),
        error_messages={"required": _("Écrivez une adresse mail, un téléphone ou un nom court.")},
    )
    shared = forms.BooleanField(
        label=_("Cet ordinateur est partagé"),
        help_text=_(
            "Point d’accès, bibliothèque, chez quelqu’un. Rien n’est gardé. La session se ferme"
            " avec le navigateur, ou après 30 minutes sans activité."
        ),
        required=False,
    )

    def clean_identifier(self) -> str:
        typed = self.cleaned_data["identifier"].strip()
        who = identify(typed)
        handle = clean_handle(typed)
        looks_like_a_handle = handle.replace("-", "").replace("_", "").replace(".", "").isalnum()
        if not who.address and not looks_like_a_handle:
            raise forms.ValidationError(
                _(
                    "Nous ne reconnaissons pas cette adresse. Une adresse mail s’écrit comme"
                    " nom@exemple.fr, un téléphone comme 06 39 98 00 00."
                )
            )
        return typed


class PasswordSignInForm(IdentifierForm):
    password = forms.CharField(
        label=_("Votre mot de passe"),
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": _("Écrivez votre mot de passe.")},
    )
    field_order = ["identifier", "password", "shared"]


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code à six chiffres"),
        help_text=_("Vous pouvez le copier et le coller."),
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
            }
        ),
        error_messages={"required": _("Écrivez les six chiffres du message reçu.")},
    )


class SignUpForm(forms.Form):
    """A name, and the way back one prefers."""

    name = forms.CharField(
        label=_("Votre nom"),
        help_text=_("Un nom, un prénom ou un surnom : celui que les autres verront."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Écrivez le nom que les autres verront.")},
    )
    way = forms.ChoiceField(
        label=_("Comment voulez-vous revenir ?"),
        choices=[
            ("contact", _("Par un code, sur mon mail ou mon téléphone")),
            ("password", _("Avec un mot de passe")),
            ("passkey", _("Avec mon appareil, sans rien retenir")),
        ],
        initial="contact",
        widget=forms.RadioSelect,
    )
    contact = forms.CharField(
        label=_("Votre adresse mail ou votre téléphone"),
        help_text=_("Seulement pour le code. Par exemple : 06 39 98 00 00. Montré à personne."),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "email"}),
        error_messages={"required": _CONTACT},
    )
    channel = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound and self.data.get("way") != "contact":
            self.fields["contact"].required = False

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("way") != "contact":
            return cleaned
        if not cleaned.get("contact"):
            return cleaned
        self.channel, cleaned["contact"] = clean_contact(cleaned["contact"])
        if not self.channel:
            self.add_error("contact", _CONTACT)
        return cleaned


def clean_contact(typed: str) -> tuple[str, str]:
    """Return ("mail", address), ("sms", E.164 number) or two empty words."""
    if "@" in typed:
        email = clean_email(typed)
        return ("mail", email) if email else ("", "")
    phone = clean_phone(typed)
    return ("sms", phone) if phone else ("", "")


class HandleForm(forms.Form):
    handle = forms.CharField(
        label=_("Votre nom court"),
        help_text=_(
            "Il fait votre adresse dans La Ruche, celle de votre page. Elle ne changera pas."
            " Des lettres sans accent, des chiffres, des tirets."
        ),
        max_length=HANDLE_MAX_LENGTH + 1,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": _("Choisissez un nom court, par exemple marie-l.")},
    )

    def clean_handle(self) -> str:
        handle = clean_handle(self.cleaned_data["handle"])
        if not is_free(handle):
            raise forms.ValidationError(
                gettext(
                    "Ce nom court est déjà pris, ou il contient un signe qui ne va pas dans une"
                    " adresse. Essayez-en un autre."
                )
            )
        return handle


class SignUpCodeForm(HandleForm, CodeForm):
    field_order = ["code", "handle"]


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Votre mot de passe"),
        help_text=_("Au moins 10 signes. Une phrase que vous retenez va très bien."),
        max_length=500,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False),
        error_messages={"required": _("Choisissez un mot de passe d’au moins 10 signes.")},
    )

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        validate_password(password, self.user)
        return str(password)


class SignUpPasswordForm(HandleForm, NewPasswordForm):
    field_order = ["handle", "password"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The keeper of passwords of the browser files them under a name.
        self.fields["handle"].widget.attrs["autocomplete"] = "username"
