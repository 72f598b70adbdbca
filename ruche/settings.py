"""
One file of settings: embedded by default, a city by environment variables.

Every variable has a default that works on one machine with SQLite. The list,
with what each one does, stands in README.md.
"""

from pathlib import Path

from environs import Env

from ruche.core.secrets import kept_secret, new_passphrase

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent

# --- The house ---------------------------------------------------------------

RUCHE_DATA = Path(env.str("RUCHE_DATA", str(BASE_DIR / "var"))).resolve()
RUCHE_DEMO = env.bool("RUCHE_DEMO", False)
RUCHE_DEMO_PASSWORD = env.str("RUCHE_DEMO_PASSWORD", "") or (
    kept_secret(RUCHE_DATA / "keys" / "demo-password", new_passphrase) if RUCHE_DEMO else ""
)
PORT = env.int("PORT", 8000)
RUCHE_DOMAIN = env.str("RUCHE_DOMAIN", f"localhost:{PORT}").lower()
RUCHE_SCHEME = env.str("RUCHE_SCHEME", "http" if RUCHE_DOMAIN.startswith("localhost") else "https")
RUCHE_CITY = env.str("RUCHE_CITY", "Brest")
RUCHE_TRUSTED_PROXIES = env.list("RUCHE_TRUSTED_PROXIES", ["127.0.0.1", "::1"])
# Who may open a group: "ask" (the city answers) or "open".
# What one person may do in an hour or a day: ``accounts.ceilings``. Lifted for measurements alone.
RUCHE_CEILINGS = env.bool("RUCHE_CEILINGS", True)
RUCHE_GROUP_CREATION = env.str("RUCHE_GROUP_CREATION", "ask")
# The number to call for help, as it is printed; the range of the default is kept for fiction.
RUCHE_HELP_PHONE = env.str("RUCHE_HELP_PHONE", "02 61 91 48 48" if RUCHE_DEMO else "")
RUCHE_HELP_HOURS = env.str("RUCHE_HELP_HOURS", "Du lundi au vendredi, de 9 h à 17 h.")
# What the law wants said of a site; empty ones are shown as missing.
RUCHE_PUBLISHER = env.str("RUCHE_PUBLISHER", "")
RUCHE_PUBLICATION_DIRECTOR = env.str("RUCHE_PUBLICATION_DIRECTOR", "")
RUCHE_HOST = env.str("RUCHE_HOST", "")
RUCHE_CONTACT_EMAIL = env.str("RUCHE_CONTACT_EMAIL", "")
# Where the code that runs here can be read, as its licence asks.
RUCHE_SOURCE_URL = env.str("RUCHE_SOURCE_URL", "")
# Where text messages go: "mailbox:" keeps them beside the mail, "https://…" posts to a gateway.
RUCHE_SMS_URL = env.str("RUCHE_SMS_URL", "mailbox:")

PUBLIC_URL = f"{RUCHE_SCHEME}://{RUCHE_DOMAIN}"
# Requests that run at the same moment in a process; the database's pool is a little larger.
RUCHE_REQUESTS_AT_ONCE = 32

SECRET_KEY = env.str("RUCHE_SECRET_KEY", "") or kept_secret(RUCHE_DATA / "keys" / "secret-key")
DEBUG = False
_HOST = RUCHE_DOMAIN.rsplit(":", 1)[0]
ALLOWED_HOSTS = [_HOST] + (["localhost", "127.0.0.1", "[::1]"] if RUCHE_DEMO else [])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# Pages that may open a WebSocket here.
RUCHE_ORIGINS = [PUBLIC_URL] + (
    [f"http://localhost:{PORT}", f"http://127.0.0.1:{PORT}"] if RUCHE_DEMO else []
)

INSTALLED_APPS = [
    "daphne",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_tasks",
    "django_tasks_db",
    "ruche",
    "ruche.journal",
    "ruche.index",
    "ruche.mail",
    "accounts",
    "groups",
    "realtime",
    # Last: our own templates go before those of the same name.
    "django.contrib.admin.apps.SimpleAdminConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ruche.middleware.TextGZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounts.middleware.DisplayMiddleware",
    "ruche.middleware.PageCacheMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "accounts.middleware.SessionAgeMiddleware",
    "accounts.middleware.ActingMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
]

ROOT_URLCONF = "ruche.urls"
ASGI_APPLICATION = "ruche.asgi.application"
WSGI_APPLICATION = "ruche.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "accounts.context.city",
                "groups.context.bell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "ruche.templatetags.ruche",
                "ruche.templatetags.events",
            ],
        },
    },
]

# --- Data --------------------------------------------------------------------

_DATABASE_URL = env.str("DATABASE_URL", "")
if _DATABASE_URL.startswith("postgres"):
    DATABASES = {"default": env.dj_db_url("DATABASE_URL")}
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),
        "pool": {"min_size": 2, "max_size": RUCHE_REQUESTS_AT_ONCE + 4, "timeout": 20},
        # An action that waits longer than this is one that blocks the others.
        "options": "-c statement_timeout=5000 -c lock_timeout=5000"
        " -c idle_in_transaction_session_timeout=5000",
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "ruche.core.sqlite",
            "NAME": _DATABASE_URL.removeprefix("sqlite:///") or str(RUCHE_DATA / "ruche.sqlite3"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # FULL: an acknowledged write survives a power cut.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                " PRAGMA mmap_size=134217728; PRAGMA journal_size_limit=27103364;"
                " PRAGMA cache_size=-8000;",
            },
            # Said, because test runners know Django's own engine by its name alone.
            "TEST": {"NAME": ":memory:"},
        }
    }
# Who owns the tables, for `migrate` alone: processes then have fewer rights (ruche.core.owner).
RUCHE_DATABASE_OWNER = (
    env.dj_db_url("RUCHE_DATABASE_OWNER_URL") if env.str("RUCHE_DATABASE_OWNER_URL", "") else {}
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "")
if REDIS_URL:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL]},
        }
    }
    CACHES = {
        "default": {
            "BACKEND": "ruche.core.cache.ForgivingRedisCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
        }
    }
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            # Limits are counted here: a full cache would forget them.
            "OPTIONS": {"MAX_ENTRIES": 100_000},
        }
    }

# Visitors' pages, in each process: never where somebody else could read or write them.
CACHES["pages"] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "pages",
    "OPTIONS": {"MAX_ENTRIES": 300},
}
# Seconds that a visitor's page is kept at most; what an action changes is seen at once.
RUCHE_PAGES_KEPT_S = 20

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

MEDIA_ROOT = RUCHE_DATA / "media"
MAILBOX_ROOT = RUCHE_DATA / "mailbox"
# Copies of people's data, each for its owner alone: no server hands out this folder.
EXPORTS_ROOT = RUCHE_DATA / "exports"
STATIC_URL = "/static/"
STATIC_ROOT = RUCHE_DATA / "static"
# Hashed names where `collectstatic` was run (by `serve`); plain ones for a bare command.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if (STATIC_ROOT / "staticfiles.json").exists()
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not (STATIC_ROOT / "staticfiles.json").exists()
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 10

# --- Mail --------------------------------------------------------------------

if env.str("EMAIL_URL", ""):
    _mail = env.dj_email_url("EMAIL_URL")
    EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
    EMAIL_HOST = _mail["EMAIL_HOST"]
    EMAIL_PORT = _mail["EMAIL_PORT"]
    EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"]
    EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS = _mail["EMAIL_USE_TLS"]
    EMAIL_USE_SSL = _mail["EMAIL_USE_SSL"]
else:
    EMAIL_BACKEND = "ruche.core.mailbox.MailboxBackend"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str(
    "RUCHE_MAIL_FROM", f"La Ruche de {RUCHE_CITY} <ne-pas-repondre@{_HOST}>"
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# The hour of the city from which the mail of the day leaves.
RUCHE_DIGEST_HOUR = env.int("RUCHE_DIGEST_HOUR", 8)
# Where answers arrive, "imaps://user:password@host/INBOX"; empty: nobody answers by mail.
RUCHE_INCOMING_MAIL = env.str("RUCHE_INCOMING_MAIL", "")

# --- People ------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

# Addresses and numbers are confirmed before they are kept (accounts.codes), and people are
# found by accounts.ways: allauth carries out the sign-in and its second factor.
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = "handle"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
# Second factors only: everything else is counted by accounts.limits.
ACCOUNT_RATE_LIMITS = {"login_failed": "100/m/ip,5/300s/key"}
MFA_ADAPTER = "accounts.adapter.MfaAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_PASSKEY_SIGNUP_ENABLED = False
# A key that opens the door alone must know who holds it (finger, face or PIN).
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_ISSUER = f"La Ruche de {RUCHE_CITY}"
MFA_TOTP_TOLERANCE = 1
USERSESSIONS_TRACK_ACTIVITY = False

SESSION_COOKIE_NAME = "session"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "csrf"
CSRF_FAILURE_VIEW = "ruche.views.form_too_old"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_NAME = "language"
if RUCHE_SCHEME == "https":
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Words -------------------------------------------------------------------

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("br", "Brezhoneg"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "ruche" / "locale"]
FORMAT_MODULE_PATH = ["ruche.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("RUCHE_TIME_ZONE", "Europe/Paris")

# --- What a browser is told --------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
# Other sites learn nothing. Not "no-referrer": browsers would then send "Origin: null" with
# our own forms, and Django would refuse them all.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "blob:"],
        "font-src": ["'self'"],
        # Older browsers do not count the socket of the same origin as "self".
        "connect-src": ["'self'", "ws" + PUBLIC_URL.removeprefix("http")],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "ruche.core.logs.Line",
            "format": "{asctime} {levelname} {name} {message}",
            "style": "{",
        }
    },
    "filters": {"without_address": {"()": "ruche.core.logs.WithoutAddress"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without_address"],
        },
        "nowhere": {"class": "logging.NullHandler"},
    },
    # Whoever scans the net asks under any name: answered with 400, not worth a traceback each.
    "loggers": {
        "django.security.DisallowedHost": {"handlers": ["nowhere"], "propagate": False},
    },
    "root": {"handlers": ["console"], "level": env.str("RUCHE_LOG_LEVEL", "WARNING")},
}
