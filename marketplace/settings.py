"""Settings, read from the environment and safe by default.

Without DATABASE_URL the embedded servers of MALL_DATA are used (marketplace/embedded.py) together with secrets that were made
for that folder. With DATABASE_URL, every secret must come from the environment.
"""

import os
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from oscar.defaults import *  # noqa: F403  Oscar reads its own defaults from settings

from marketplace import embedded, local_witness

django_stubs_ext.monkeypatch()  # lets views and forms name their types where Django's classes are no generics at run time

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("MALL_DATA", BASE_DIR / ".data")).resolve()

# Whether database, broker and secrets are the ones kept in DATA_DIR.
EMBEDDED = "DATABASE_URL" not in os.environ or os.environ.get("MALL_EMBEDDED") == "1"


def _required(name: str) -> str:
    if name not in os.environ:
        raise ImproperlyConfigured(
            f"{name} is not set. With DATABASE_URL set, every secret comes from the environment; set {name}, "
            "or unset DATABASE_URL to use the embedded servers."
        )
    return os.environ[name]


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes"}


if "DATABASE_URL" in os.environ:
    _app_url = os.environ["DATABASE_URL"]
    _owner_url = os.environ.get("DATABASE_OWNER_URL", _app_url)
    REDIS_URL = _required("REDIS_URL")
else:
    _servers = embedded.read(DATA_DIR)
    _app_url, _owner_url, REDIS_URL = _servers.database_url, _servers.owner_url, _servers.redis_url

if EMBEDDED:
    _secrets = embedded.secrets_for(DATA_DIR)
    SECRET_KEY = _secrets["secret_key"]
    DATA_KEY = _secrets["data_key"]
    INDEX_KEY = _secrets["index_key"]
else:
    SECRET_KEY = _required("SECRET_KEY")
    DATA_KEY = _required("DATA_KEY")
    INDEX_KEY = _required("INDEX_KEY")

DEBUG = _flag("DEBUG")
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("CSRF_TRUSTED_ORIGINS", "").split(",") if o]

# The owner's role has the schema and migrates; everything else runs as the app's role (docs/architecture.md).
DATABASE_APP_ROLE = os.environ.get("DATABASE_APP_ROLE", "mall_app")
DATABASES = {
    "default": embedded.parse_database_url(_app_url),
    "owner": embedded.parse_database_url(_owner_url),
}
for _alias in DATABASES.values():
    _alias["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["CONN_MAX_AGE"] = 60
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "organisations.User"
SITE_ID = 1

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.sites",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "marketplace.organisations",
    "marketplace.evidence",
    "marketplace.ledger",
    "marketplace.stock",
    "marketplace.steps",
    "marketplace.messaging",
    "marketplace.signin",
    # Of allauth its second factor and what that needs; nothing of its URLs is mounted.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    # Oscar: the forked apps by our name, of the others only what their tables refer to. Nothing of Oscar's URLs is mounted.
    "marketplace.shop.catalogue.apps.CatalogueConfig",
    "marketplace.shop.partner.apps.PartnerConfig",
    "marketplace.shop.order.apps.OrderConfig",
    "marketplace.shop.apps.CheckoutConfig",
    "marketplace.shop.apps.CommunicationConfig",
    "oscar.apps.address.apps.AddressConfig",
    "oscar.apps.basket.apps.BasketConfig",
    "oscar.apps.offer.apps.OfferConfig",
    "oscar.apps.payment.apps.PaymentConfig",
    "oscar.apps.shipping.apps.ShippingConfig",
    "oscar.apps.voucher.apps.VoucherConfig",
    "treebeard",
    "marketplace.shop.apps.ShopConfig",
    "marketplace.fulfilment",
    "suppliers.accreditation",
    "suppliers.listings",
    "suppliers.offerbook",
    "suppliers.provenance",
    "suppliers.settlement",
    "suppliers.goods",
    "procurement.policy",
    "procurement.priority",
    "procurement.programmes",
    "procurement.watch",
    "procurement.compliance",
    "procurement.audit",
    "marketplace.workspaces",
    "marketplace.api",
    "marketplace.demo",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "marketplace.workspaces.strangers.StrangersPages",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "marketplace.workspaces.not_allowed.in_words",
]

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "marketplace.workspaces.context.workspace",
            ],
        },
    },
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = DATA_DIR / "media"
WHITENOISE_USE_FINDERS = True
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# Too many wrong attempts shut the door for a while (marketplace/signin/lock_out.py).
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = "marketplace.signin.lock_out.parameters"
AXES_LOCKOUT_CALLABLE = "marketplace.signin.lock_out.answer"
AXES_CLIENT_IP_CALLABLE = "marketplace.signin.lock_out.client_address"
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "phone", "code", "next", "csrfmiddlewaretoken"]

# The second factor: tables and arithmetic are allauth's, pages and doors ours (marketplace/signin/second_factor.py).
MFA_ADAPTER = "marketplace.signin.secrets_at_rest.EncryptingAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Qinling Union Mall"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"

CSRF_FAILURE_VIEW = "marketplace.workspaces.accounts.lost.page_too_old"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
# The embedded set-up is served over plain HTTP on the loopback; anything else is expected behind TLS.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not EMBEDDED
BEHIND_TLS_PROXY = _flag("BEHIND_TLS_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS_PROXY else None
SECURE_SSL_REDIRECT = not EMBEDDED
SECURE_HSTS_SECONDS = 0 if EMBEDDED else 31_536_000
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL},
    # Strangers' pages (marketplace/workspaces/strangers.py).
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        "OPTIONS": {"MAX_ENTRIES": 300},
    },
}
# Less than the second within which a change has to show. No TIMEOUT of the cache, which Django rounds down to whole seconds: to none.
STRANGERS_PAGES_SECONDS = 0.8

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A nudge that cannot be sent is left to the sweeper: nobody waits long for a broker that is gone or silent. Workers, whose
# connections have their own retries, wait for it as ever.
CELERY_BROKER_TRANSPORT_OPTIONS = {"max_retries": 0, "socket_connect_timeout": 2, "socket_timeout": 3}
CELERY_TASK_DEFAULT_QUEUE = "fulfilment"
CELERY_TIMEZONE = TIME_ZONE

OSCAR_SHOP_NAME = "Qinling Union Mall"
OSCAR_DEFAULT_CURRENCY = "CNY"
OSCAR_DYNAMIC_CLASS_LOADER = "oscar.core.loading.default_class_loader"
# Oscar's own migrations of this app need its customer app, whose tables we have no use for.
MIGRATION_MODULES = {"communication": "marketplace.shop.communication_migrations"}
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}

# What lower floors ask of higher ones: dotted names of the implementations (interfaces in the lower floor).
PURCHASE_POLICY = "procurement.priority.policy.PriorityPolicy"
LOSS_POLICY = "procurement.programmes.losses.YearCounts"
# Who carries short messages (marketplace/messaging/provider.py); a demonstration has its console.
MESSAGE_PROVIDER = os.environ.get(
    "MESSAGE_PROVIDER", f"marketplace.messaging.provider.{'ConsoleProvider' if EMBEDDED else 'NoProvider'}"
)
# Who may be tried out on the sign-in page; only where `make demo` runs, whose password anyone can read.
DEMO_LOGINS = "marketplace.demo.door.logins" if EMBEDDED and _flag("MALL_DEMO") else ""
DEMO_PHONES = "marketplace.demo.door.phones" if DEMO_LOGINS else ""
# What the sweeper does at every turn besides nudging steps.
REGULAR_WORK = [
    "marketplace.evidence.handlers.tick",
    "suppliers.offerbook.handlers.tick",
    "marketplace.steps.schedule.write_todays",
]
# A root over the offer book is signed at most so often (seconds); the entries themselves are never late.
OFFER_BOOK_SECONDS = 5
# Steps that are written once a day, and the hour from which they are due: nobody gets a message at night.
DAILY_STEPS = {
    "signin.forget_codes": 3,
    "reminders.daily": 9,
    "figures.publish": 2,
    "watch.sweep": 2,
    "lots.date": 0,
    "challenge.overdue": 9,
}
# A lot is given to parcels only while its best-before date is at least so many days away.
LOT_DAYS_LEFT = int(os.environ.get("LOT_DAYS_LEFT", "3"))
# Codes sent to phones are kept for so many days after they were asked for: longer than any limit counts them.
PHONE_CODES_KEPT_DAYS = int(os.environ.get("PHONE_CODES_KEPT_DAYS", "30"))
# Where people reach the site, e.g. https://mall.example, for links in messages; empty: messages have no links.
SITE_URL = os.environ.get("SITE_URL", "").rstrip("/")

EVIDENCE_ORIGIN = os.environ.get("EVIDENCE_ORIGIN", "qinling-union-mall.example/log")
EVIDENCE_KEY_FILE = Path(os.environ.get("EVIDENCE_KEY_FILE", DATA_DIR / "keys" / "log.key"))
_witness = local_witness.url(DATA_DIR) if EMBEDDED else ""
EVIDENCE_WITNESSES = [
    {"url": address, "vkey": key or None}
    for address, _sep, key in (w.partition("#") for w in os.environ.get("EVIDENCE_WITNESSES", _witness).split(",") if w)
]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
SPECTACULAR_SETTINGS = {"TITLE": "Qinling Union Mall", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}
