"""Settings, one file. Everything a deployment may change is an environment variable read here; docs list them.

Secrets are made once and kept in the state folder (0600) unless the environment gives them.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

PACKAGE = Path(__file__).resolve().parent.parent
ROOT = PACKAGE.parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def env_bool(name: str, default: bool) -> bool:
    text = env(name, "true" if default else "false").lower()
    if text not in {"true", "false"}:
        raise ImproperlyConfigured(f"{name}={text}: use true or false")
    return text == "true"


def env_int(name: str, default: int) -> int:
    text = env(name, str(default))
    if not text.lstrip("-").isdigit():
        raise ImproperlyConfigured(f"{name}={text}: use a whole number")
    return int(text)


STATE = Path(env("RECAUDO_STATE", str(ROOT / "var"))).resolve()


def secret(name: str, size: int = 32) -> str:
    """From the environment, or made once and kept in the state folder."""
    if value := env(name):
        return value
    path = STATE / "secrets" / name.lower()
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(base64.b64encode(secrets.token_bytes(size)).decode())
        with contextlib.suppress(FileExistsError):  # another process was first: then its secret counts
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()


def kept_secret(name: str) -> str:
    """What somebody put in the folder of secrets, or nothing."""
    path = STATE / "secrets" / name
    return path.read_text().strip() if path.is_file() else ""


def private(name: str) -> Path:
    """A folder of the state that other users of the machine cannot look into: files, facts, links that open accounts."""
    path = STATE / name
    with contextlib.suppress(OSError):  # a state that may only be read holds nothing new to protect
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.chmod(0o700)
    return path


DEBUG = env_bool("RECAUDO_DEBUG", False)
SECRET_KEY = secret("RECAUDO_SECRET_KEY", 48)
ALLOWED_HOSTS = env("RECAUDO_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in env("RECAUDO_ORIGINS").split(",") if o]

# Encrypted fields: {key id: base64 key}. Rotate by adding a key, changing the id, and running `recaudo rotate-keys`.
FIELD_KEYS: dict[int, str] = {1: secret("RECAUDO_FIELD_KEY")}
FIELD_KEY_ID = env_int("RECAUDO_FIELD_KEY_ID", 1)
BLIND_INDEX_KEY = secret("RECAUDO_BLIND_INDEX_KEY")
# Signs the anchors of the journal and the evidence files (Ed25519 seed). Whoever holds only the database cannot sign.
SIGNING_KEY = secret("RECAUDO_SIGNING_KEY")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "recaudo.ui",  # before allauth: its pages are overridden
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "django_htmx",
    "procrastinate.contrib.django",
    "recaudo.store",
    "recaudo.journal",
    "recaudo.workforce",
    "recaudo.portfolio",
    "recaudo.law",
    "recaudo.intake",
    "recaudo.strategy",
    "recaudo.agreements",
    "recaudo.casework",
    "recaudo.messaging",
    "recaudo.desk",
    "recaudo.analytics",
    "recaudo.compliance",
    "recaudo.flow",
    "recaudo.demo",
]

MIDDLEWARE = [
    "recaudo.project.middleware.SecurityHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "recaudo.project.middleware.Program",
    "recaudo.project.middleware.BodyLimit",
    "recaudo.project.middleware.ActingTenant",
    "allauth.account.middleware.AccountMiddleware",
    "axes.middleware.AxesMiddleware",
    "recaudo.project.middleware.Problems",
]

ROOT_URLCONF = "recaudo.project.urls"
WSGI_APPLICATION = "recaudo.project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "recaudo.ui.context.shell",
            ],
            "builtins": ["django.contrib.humanize.templatetags.humanize", "recaudo.ui.templatetags.ui"],
        },
    }
]


FORM_RENDERER = "recaudo.ui.renderer.Renderer"


def database(variable: str) -> dict[str, Any]:
    """A connection from the JSON that `project.boot` put into the environment."""
    dsn: dict[str, Any] = json.loads(env(variable, "{}"))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": dsn.get("dbname", "recaudo"),
        "USER": dsn.get("user", ""),
        "PASSWORD": dsn.get("password", ""),
        "HOST": dsn.get("host", ""),
        "PORT": str(dsn.get("port", "")),
        # As long as a thread of the server may rest (cli/up.py): signing in to the database is no part of a page.
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {"application_name": "recaudo", **dsn.get("options", {})},
    }


# `default` is the application's role: no owner, no BYPASSRLS. `owner` is for migrations only.
DATABASES = {
    "default": {**database("RECAUDO_APP_DSN"), "ATOMIC_REQUESTS": True},
    "owner": database("RECAUDO_OWNER_DSN"),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "workforce.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "recaudo.workforce.backends.StaffBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("email", "name")}},
]  # fmt: skip
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"

ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "recaudo.workforce.backends.StaffAccounts"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
# django-axes counts wrong passwords and wrong codes of the second step, in the database, for all processes. The counter of allauth
# goes by person alone: with it anybody could keep somebody out by failing in their name.
ACCOUNT_RATE_LIMITS = {"login_failed": None}
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "recaudo"
MFA_ADAPTER = "recaudo.workforce.backends.SealedSecondFactor"
MFA_FORMS = {
    "authenticate": "recaudo.workforce.second_factor.CountedAuthenticate",
    "reauthenticate": "recaudo.workforce.second_factor.CountedReauthenticate",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("RECAUDO_PROXY_COUNT", 0)

AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 1  # hours
AXES_LOCKOUT_PARAMETERS = "recaudo.workforce.second_factor.counted_by"
AXES_USERNAME_CALLABLE = "recaudo.workforce.backends.attempted_email"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_IPWARE_PROXY_COUNT = ALLAUTH_TRUSTED_PROXY_COUNT
AXES_LOCKOUT_TEMPLATE = "ui/locked.html"

# Behind TLS set RECAUDO_HTTPS=true; without it the product answers on loopback only.
HTTPS = env_bool("RECAUDO_HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# A session ends 12 hours after signing in, or earlier when nothing was asked for this long.
SESSION_IDLE_SECONDS = env_int("RECAUDO_IDLE_MINUTES", 120) * 60
CSRF_FAILURE_VIEW = "recaudo.ui.views.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

LANGUAGE_CODE = "es"
# One language until the catalogues of the others exist: half a page in each would serve nobody.
LANGUAGES = [("es", "Español")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = STATE / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns about a folder that is not there
# The days' snapshots: a folder, or storage that speaks S3, whose key comes from the environment or from the folder of secrets.
SNAPSHOTS_BUCKET = env("RECAUDO_SNAPSHOTS_S3_BUCKET")
_FOLDER = {"BACKEND": "recaudo.store.objects.Folder", "OPTIONS": {"location": env("RECAUDO_SNAPSHOTS_FOLDER") or private("snapshots")}}
_BUCKET = {
    "BACKEND": "recaudo.store.objects.Bucket",
    "OPTIONS": {
        "bucket": SNAPSHOTS_BUCKET, "endpoint": env("RECAUDO_SNAPSHOTS_S3_ENDPOINT"), "region": env("RECAUDO_SNAPSHOTS_S3_REGION"),
        "key": env("RECAUDO_SNAPSHOTS_S3_KEY", kept_secret("recaudo_snapshots_s3_key")),
        "secret": env("RECAUDO_SNAPSHOTS_S3_SECRET", kept_secret("recaudo_snapshots_s3_secret")),
        "cache": STATE / "snapshots-cache", "cache_bytes": env_int("RECAUDO_SNAPSHOTS_CACHE_GB", 20) << 30,
    },
}  # fmt: skip
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": private("files")}},
    "snapshots": _BUCKET if SNAPSHOTS_BUCKET else _FOLDER,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
MAX_UPLOAD_BYTES = env_int("RECAUDO_MAX_UPLOAD_MB", 1024) * 1024 * 1024
# So long a load can be undone; then its files are deleted. Sealed until then.
INTAKE_FILES_KEPT_DAYS = env_int("RECAUDO_INTAKE_FILES_DAYS", 30)

EMAIL_HOST = env("RECAUDO_SMTP_HOST")
EMAIL_PORT = env_int("RECAUDO_SMTP_PORT", 587)
EMAIL_HOST_USER = env("RECAUDO_SMTP_USER")
EMAIL_HOST_PASSWORD = env("RECAUDO_SMTP_PASSWORD")
EMAIL_USE_TLS = env_bool("RECAUDO_SMTP_TLS", True)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env("RECAUDO_FROM", "recaudo@localhost")
# Without a mail server, what the product writes to its own staff lands in the state folder.
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = private("mail")
private("tmp")

# Which provider carries each channel. "sandbox" shows messages in the product and sends nothing.
PROVIDERS: dict[str, str] = {
    "email": env("RECAUDO_EMAIL_PROVIDER", "smtp" if EMAIL_HOST else "sandbox"),
    "sms": env("RECAUDO_SMS_PROVIDER", "sandbox"),
    "im": env("RECAUDO_IM_PROVIDER", "sandbox"),
}
# What was agreed with each: messages a second (0 = no limit), for all processes together, and how many are handed over at once.
PROVIDER_LIMITS: dict[str, dict[str, int]] = {
    "email": {"per_second": env_int("RECAUDO_EMAIL_PER_SECOND", 0), "at_once": env_int("RECAUDO_EMAIL_AT_ONCE", 16)},
    "sms": {"per_second": env_int("RECAUDO_SMS_PER_SECOND", 0), "at_once": env_int("RECAUDO_SMS_AT_ONCE", 16)},
    "im": {"per_second": env_int("RECAUDO_IM_PER_SECOND", 0), "at_once": env_int("RECAUDO_IM_AT_ONCE", 16)},
}
# An SMS gateway that speaks JSON over HTTPS. Webhook secrets: several, separated by commas, while one replaces the other.
SMS_HTTP: dict[str, str] = {
    "url": env("RECAUDO_SMS_URL"), "token": env("RECAUDO_SMS_TOKEN"), "sender": env("RECAUDO_SMS_SENDER"),
    "webhook_secrets": env("RECAUDO_SMS_WEBHOOK_SECRETS"),
}  # fmt: skip
WHATSAPP: dict[str, str] = {
    "url": env("RECAUDO_WHATSAPP_URL", "https://graph.facebook.com/v23.0"), "phone_id": env("RECAUDO_WHATSAPP_PHONE_ID"),
    "token": env("RECAUDO_WHATSAPP_TOKEN"), "app_secret": env("RECAUDO_WHATSAPP_APP_SECRET"),
    "verify_token": env("RECAUDO_WHATSAPP_VERIFY_TOKEN"),
}  # fmt: skip
# A tenant with an account of its own at a provider signs with its own secrets: {"<slug>:sms:http": {"webhook_secrets": "..."}}, as JSON.
HOOK_SECRETS: dict[str, dict[str, str]] = json.loads(env("RECAUDO_HOOK_SECRETS", "{}"))
PUBLIC_URL = env("RECAUDO_URL", "http://127.0.0.1:8000")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "recaudo.project.logs.WithoutRows", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env("RECAUDO_LOG_LEVEL", "WARNING")},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
