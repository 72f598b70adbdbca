"""Addresses of accounts: the door, and what is mine. Names are those that allauth asks for."""

from django.urls import path, re_path

from accounts.views import (
    closing,
    confirm,
    display,
    entry,
    me,
    relations,
    second_factor,
    security,
    sign_up,
    structures,
)

# A person's address: letters, digits, "_", "." and "-"; elsewhere with "@" and a domain.
NAME = r"(?P<name>[A-Za-z0-9_.@:-]{1,354})"

urlpatterns = [
    path("affichage", display.display, name="display"),
    # The door.
    path("inscription", sign_up.sign_up, name="account_signup"),
    path("inscription/suite", sign_up.finish, name="account_signup_finish"),
    path("inscription/cle", sign_up.finish_by_passkey, name="account_signup_passkey"),
    path("connexion", entry.sign_in, name="account_login"),
    path("connexion/code", entry.sign_in_code, name="account_confirm_login_code"),
    path("connexion/mot-de-passe", entry.sign_in_by_password, name="account_password_login"),
    path("connexion/cle", entry.sign_in_by_passkey, name="mfa_login_webauthn"),
    path("connexion/deux-etapes", second_factor.SecondStep.as_view(), name="mfa_authenticate"),
    path("connexion/compte-ferme", entry.inactive, name="account_inactive"),
    path("connexion/rouvrir", closing.closed, name="account_closed"),
    path("connexion/confirmer", confirm.confirm, name="account_reauthenticate"),
    path("connexion/confirmer/code", confirm.confirm_by_code, name="account_reauthenticate_code"),
    path("connexion/confirmer/cle", confirm.confirm_by_passkey, name="mfa_reauthenticate_webauthn"),
    path("deconnexion", entry.sign_out, name="account_logout"),
    # What is mine.
    path("moi", me.me, name="me"),
    path("moi/profil", me.profile, name="profile"),
    path("moi/appareils", me.devices, name="devices"),
    path("moi/structures", structures.structures, name="structures"),
    path("moi/structures/<str:name>", structures.structure, name="structure"),
    path("moi/structures/<str:name>/proposition", structures.proposal, name="structure_proposal"),
    path("moi/structures/<str:name>/<str:who>/retirer", structures.step_down, name="step_down"),
    path("moi/blocages", relations.blocked, name="blocked"),
    re_path(
        r"^moi/blocages/(?P<relation>block|mute)/(?P<key>[0-9]{1,18})\Z",
        relations.undo,
        name="relation_undo",
    ),
    path("moi/abonnes", relations.follow_requests, name="follow_requests"),
    path("moi/securite", security.security, name="security"),
    path("moi/securite/ajouter", security.add_contact, name="account_email"),
    path("moi/securite/ajouter/code", security.add_contact_code, name="security_code"),
    path("moi/securite/mail/<int:key>/principale", security.main_mail, name="main_mail"),
    path("moi/securite/mail/<int:key>/retirer", security.remove_mail, name="remove_mail"),
    path("moi/securite/telephone/retirer", security.remove_phone, name="remove_phone"),
    path("moi/securite/mot-de-passe", security.password, name="account_change_password"),
    path("moi/securite/mot-de-passe/retirer", security.remove_password, name="remove_password"),
    path("moi/securite/cle", security.add_passkey, name="mfa_add_webauthn"),
    path("moi/securite/cle/<int:key>/retirer", security.remove_passkey, name="mfa_remove_webauthn"),
    path("moi/securite/deux-etapes", second_factor.second_factor, name="mfa_index"),
    path(
        "moi/securite/deux-etapes/application",
        second_factor.add_application,
        name="mfa_activate_totp",
    ),
    path(
        "moi/securite/deux-etapes/application/retirer",
        second_factor.remove_application,
        name="mfa_deactivate_totp",
    ),
    path(
        "moi/securite/deux-etapes/secours",
        second_factor.recovery_codes,
        name="mfa_view_recovery_codes",
    ),
    path(
        "moi/securite/deux-etapes/secours/refaire",
        second_factor.renew_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    # Others.
    re_path(rf"^u/{NAME}/suivre\Z", relations.follow, name="follow"),
    re_path(rf"^u/{NAME}/bloquer\Z", relations.block, name="block"),
    re_path(rf"^u/{NAME}/silence\Z", relations.mute, name="mute"),
]
