"""What a browser answers for a key: foreign data, that may be anything."""

from typing import Any

from allauth.mfa.webauthn.forms import (
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
    SignupWebAuthnForm,
)
from allauth.mfa.webauthn.internal import auth
from django import forms
from django.utils.translation import gettext_lazy as _
from fido2.utils import websafe_decode

from accounts.models import User

_NOT_MADE = _("La clé n’a pas été faite. Vous pouvez essayer encore.")
_UNKNOWN = _("Cette clé n’ouvre aucun compte ici.")
_NOT_RIGHT = _("Cette clé n’est pas la bonne.")


class CredentialField(forms.JSONField):
    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError:
            raise forms.ValidationError(_NOT_RIGHT) from None


class NewPasskeyForm(SignupWebAuthnForm):
    """allauth's, in our words: a key that opens the door alone."""

    name = forms.CharField(
        label=_("Le nom de cette clé"),
        help_text=_("Pour la reconnaître dans la liste : « Mon téléphone », « Clé du bureau »."),
        max_length=50,
        required=False,
    )
    credential = CredentialField()

    def clean(self) -> dict[str, Any]:
        try:
            return super().clean()
        except Exception:  # Parsers of a foreign answer fail in any way: it is no key.
            raise forms.ValidationError(_NOT_MADE) from None


class PasskeySignInForm(LoginWebAuthnForm):
    """allauth's, where the key names the person by the handle."""

    credential = CredentialField()

    def clean_credential(self) -> Any:
        try:
            credential = self.cleaned_data["credential"]
            auth.parse_authentication_response(credential)
            handle = websafe_decode(credential["response"]["userHandle"]).decode("ascii")
            user = User.objects.select_related("actor").get(handle=handle.replace("\0", ""))
            return auth.complete_authentication(user, credential)
        except Exception:  # As above: a wrong signature, too, has an exception of its own.
            raise forms.ValidationError(_UNKNOWN) from None


class _RightOrNot:
    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except forms.ValidationError:
            raise
        except Exception:  # As above.
            raise forms.ValidationError(_NOT_RIGHT) from None


class PasskeyConfirmForm(_RightOrNot, ReauthenticateWebAuthnForm):
    credential = CredentialField()


class PasskeySecondStepForm(_RightOrNot, AuthenticateWebAuthnForm):
    credential = CredentialField()
