"""All settings, from environment variables; see docs/reference/settings.md."""

import hashlib
import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from kycrisk import env, keys, subjects

BASE_DIR = Path(__file__).resolve().parent.parent

KYCRISK_ENV = env.choice("KYCRISK_ENV", ("demo", "test", "production"), "demo")
KYCRISK_HOME = env.folder("KYCRISK_HOME", BASE_DIR / ".local")
KYCRISK_LAKE = env.text("KYCRISK_LAKE", str(KYCRISK_HOME / "lake"))
KYCRISK_ENGINE = env.choice("KYCRISK_ENGINE", ("duckdb",), "duckdb")
KYCRISK_MODELS = KYCRISK_HOME / "models"
KYCRISK_REFERENCE = KYCRISK_HOME / "reference"
# A folder of lists that the daily refresh loads again; absent: lists keep their age.
KYCRISK_REFERENCE_SOURCE = env.text("KYCRISK_REFERENCE_SOURCE")
# Folders of bundles that the console may import lie here; uploads may have this size.
KYCRISK_INBOX = env.folder("KYCRISK_INBOX", KYCRISK_HOME / "inbox")
KYCRISK_UPLOAD_MB = env.number("KYCRISK_UPLOAD_MB", 512, low=1, high=16_384)

# Secrets come from the environment; outside production a missing one is made
# once and kept in KYCRISK_HOME/keys. Production refuses to invent secrets.
KEYS = keys.Keyring(folder=KYCRISK_HOME / "keys", invent=KYCRISK_ENV != "production")
SECRET_KEY = KEYS.text("KYCRISK_SECRET_KEY", length=64)
KYCRISK_PSEUDONYM_KEY = KEYS.secret("KYCRISK_PSEUDONYM_KEY")
KYCRISK_PII_KEYS = KEYS.secrets("KYCRISK_PII_KEYS")
KYCRISK_LOG_SIGNING_KEY = KEYS.secret("KYCRISK_LOG_SIGNING_KEY")

DEBUG = False
ALLOWED_HOSTS = env.words(
    "KYCRISK_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1],testserver"
)
CSRF_TRUSTED_ORIGINS = env.words("KYCRISK_TRUSTED_ORIGINS", "")

# --- database -----------------------------------------------------------------
EMBEDDED_DATABASE = env.text("DATABASE_URL") is None
DATABASE_ROLE = env.choice("KYCRISK_DATABASE_ROLE", ("app", "owner"), "app")
EMBEDDED_ID = hashlib.sha256(str(KYCRISK_HOME).encode()).hexdigest()[:16]
EMBEDDED_ROOT = (
    Path("/var/lib/kycrisk") / EMBEDDED_ID
    if os.geteuid() == 0
    else KYCRISK_HOME / "postgres"
)
EMBEDDED_SOCKETS = Path("/tmp") / f"kycrisk-{os.geteuid()}-{EMBEDDED_ID}"  # noqa: S108 - a socket path must stay under 107 bytes; the folder is 0700
# Passwords that never leave this machine may be invented in production too.
EMBEDDED_KEYS = keys.Keyring(folder=KYCRISK_HOME / "keys", invent=True)
if EMBEDDED_DATABASE:
    _database: dict[str, object] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "kycrisk",
        "USER": f"kycrisk_{DATABASE_ROLE}",
        "PASSWORD": EMBEDDED_KEYS.text(f"database-{DATABASE_ROLE}", length=32),
        "HOST": str(EMBEDDED_SOCKETS),
        "PORT": "5432",
    }
else:
    _url = env.text("DATABASE_URL")
    if DATABASE_ROLE == "owner":
        _url = env.text("KYCRISK_OWNER_DATABASE_URL", _url)
    _database = env.database(str(_url))
DATABASES = {
    "default": _database
    | {
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "OPTIONS": {
            "application_name": "kycrisk",
            "client_encoding": "UTF8",
            # statements are prepared after their fifth use: planning the wide ones
            # costs more than running them
            "server_side_binding": True,
            "prepare_threshold": 5,
        },
    }
}
DATABASE_ROUTERS: list[str] = []

# --- applications -------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "template_partials",
    "rest_framework",
    "drf_spectacular",
    "django_prometheus",
    "csp",
    "apps.core",
    "apps.audit",
    "apps.access",
    "apps.reference",
    "apps.customers",
    "apps.signals",
    "apps.features",
    "apps.rings",
    "apps.scoring",
    "apps.decisions",
    "apps.review",
    "apps.assessments",
    "apps.reports",
]
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.RequestIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "kycrisk.urls"
WSGI_APPLICATION = "kycrisk.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.core.context.shell",
            ]
        },
    }
]

# --- people and sessions ------------------------------------------------------
AUTH_USER_MODEL = "access.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["apps.access.hashers.ModestArgon2"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/queue"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "apps.access.adapters.StaffOnlyAdapter"
ACCOUNT_LOGOUT_REDIRECT_URL = "/login"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = KYCRISK_ENV != "production"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
if KYCRISK_ENV == "production":
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    if not env.text("KYCRISK_ALLOWED_HOSTS"):
        raise ImproperlyConfigured(
            "KYCRISK_ALLOWED_HOSTS is empty; name the hosts that serve the console."
        )
# Not no-referrer: browsers would send "Origin: null" with forms, which CSRF refuses.
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

DATA_UPLOAD_MAX_NUMBER_FIELDS = 12_000  # twenty files of 512 columns are mapped at once

# --- API ----------------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.access.authentication.ServiceKeyBearer"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.access.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["apps.core.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.core.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "KYCRisk API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/v1",
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "apps.core.apischema.add_problems",
    ],
}

# --- jobs ---------------------------------------------------------------------
BROKER_URL = env.text("KYCRISK_BROKER_URL")
CELERY_APP = "kycrisk.celery.app"
# name on the wire -> (cadence in seconds, freshness target in seconds)
KYCRISK_JOBS: dict[str, tuple[int, int]] = {
    "access.forget_replies": (86_400, 172_800),
    "features.compute_payment_signals": (600, 1800),
    "features.compute_network_signals": (600, 1800),
    "features.compute_usage_signals": (600, 1800),
    "rings.find_rings": (600, 3600),
    "assessments.assess_changed": (300, 1800),
    "assessments.forget_imports": (3600, 10_800),
    "signals.seal_usage_hour": (3600, 7200),
    "signals.tend_lake": (86_400, 172_800),
    "reference.refresh_reference": (86_400, 172_800),
    "review.screen_names": (600, 1800),
    "review.draw_audits": (86_400, 172_800),
    "audit.sequence": (2, 60),
}

# --- retention ----------------------------------------------------------------
# Days that facts of a class are kept (0: for good), and why we may keep them so long.
KYCRISK_RETENTION: dict[str, dict[str, object]] = {
    "usage": {
        "days": env.number("KYCRISK_KEEP_USAGE_DAYS", 180, low=0, high=3650),
        "basis": env.text(
            "KYCRISK_KEEP_USAGE_BASIS",
            "GDPR Art. 6(1)(f): security of the service; keyed hashes and sketches",
        ),
    },
    "usage_window": {
        "days": env.number("KYCRISK_KEEP_WINDOW_DAYS", 400, low=0, high=3650),
        "basis": env.text(
            "KYCRISK_KEEP_WINDOW_BASIS",
            "GDPR Art. 6(1)(f): security of the service; hourly totals of an account",
        ),
    },
}

# --- review -------------------------------------------------------------------
# Of a hundred conclusions of people, so many are about accounts that chance drew.
KYCRISK_AUDIT_PERCENT = env.number("KYCRISK_AUDIT_PERCENT", 2, low=0, high=100)

# --- audit --------------------------------------------------------------------
AUDIT_ORIGIN = env.text("KYCRISK_LOG_ORIGIN", "kycrisk.local/log")
# What the signer remembers must not live in the database that it watches.
AUDIT_FOLDER = KYCRISK_HOME / "audit"
AUDIT_SUBJECTS = subjects.AUDIT_SUBJECTS

# --- files and language -------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = KYCRISK_HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if KYCRISK_ENV == "production"
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = KYCRISK_ENV != "production"
LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING_CONFIG = "apps.core.logs.configure"
LOGGING: dict[str, object] = {"level": env.text("KYCRISK_LOG_LEVEL", "WARNING")}
