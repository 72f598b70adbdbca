"""One file of settings: embedded by default, a city by environment variables."""

import json
import subprocess
import sys

import pytest

from tests.servers import ROOT, bare_environment

ASKED = """
PUBLIC_URL ALLOWED_HOSTS DEBUG SESSION_COOKIE_NAME SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE
EMAIL_BACKEND RUCHE_DEMO_PASSWORD SECRET_KEY RUCHE_TRUSTED_PROXIES RUCHE_ORIGINS
""".split()  # noqa: SIM905 - a list of words reads best as words
READ = f"""
import json
from django.conf import settings
values = {{name: getattr(settings, name, None) for name in {ASKED!r}}}
values["engine"] = settings.DATABASES["default"]["ENGINE"]
values["options"] = settings.DATABASES["default"]["OPTIONS"]
values["at_once"] = settings.RUCHE_REQUESTS_AT_ONCE
values["cache"] = settings.CACHES["default"]["BACKEND"]
print(json.dumps(values))
"""


def settings_of(data, **environment: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", READ],
        cwd=ROOT,
        env=bare_environment(data, DJANGO_SETTINGS_MODULE="ruche.settings", **environment),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_without_a_variable_the_city_is_embedded_on_this_machine(tmp_path):
    settings = settings_of(tmp_path)

    assert settings["PUBLIC_URL"] == "http://localhost:8000"
    assert settings["ALLOWED_HOSTS"] == ["localhost"]
    assert settings["DEBUG"] is False
    assert settings["engine"] == "ruche.core.sqlite"
    assert settings["cache"].endswith("LocMemCache")
    assert settings["RUCHE_TRUSTED_PROXIES"] == ["127.0.0.1", "::1"]
    assert settings["RUCHE_DEMO_PASSWORD"] == ""


def test_a_citys_cookies_are_bound_to_its_host_and_to_https(tmp_path):
    settings = settings_of(tmp_path, RUCHE_DOMAIN="ruche.example.org")

    assert settings["PUBLIC_URL"] == "https://ruche.example.org"
    assert settings["ALLOWED_HOSTS"] == ["ruche.example.org"]
    assert settings["SESSION_COOKIE_NAME"] == "__Host-session"
    assert settings["SESSION_COOKIE_SECURE"] is True
    assert settings["CSRF_COOKIE_SECURE"] is True
    assert settings["RUCHE_ORIGINS"] == ["https://ruche.example.org"]


def test_made_secrets_are_kept_and_read_by_nobody_else(tmp_path):
    first = settings_of(tmp_path, RUCHE_DEMO="1")

    second = settings_of(tmp_path, RUCHE_DEMO="1")

    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert first["RUCHE_DEMO_PASSWORD"] == second["RUCHE_DEMO_PASSWORD"]
    assert len(first["RUCHE_DEMO_PASSWORD"]) >= 10
    for kept in (tmp_path / "keys").iterdir():
        assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_the_pool_is_never_smaller_than_the_requests_at_once(tmp_path, scheme):
    settings = settings_of(tmp_path, DATABASE_URL=f"{scheme}://ruche@db.example/ruche")

    assert settings["engine"] == "django.db.backends.postgresql"
    assert settings["options"]["pool"]["max_size"] >= settings["at_once"]
    for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        assert f"{limit}=5000" in settings["options"]["options"]


def test_the_city_has_redis_and_a_mail_server_by_address(tmp_path):
    settings = settings_of(
        tmp_path, REDIS_URL="redis://cache.example:6379", EMAIL_URL="smtp://mail.example:25"
    )

    assert settings["cache"] == "ruche.core.cache.ForgivingRedisCache"
    assert settings["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
