"""Django's settings, all from the environment (docs/configuration.md lists every variable)."""

import os
from pathlib import Path

import django_stubs_ext

from chains_app.checks import environment_faults
from checkout_project import env, logs
from common.mail_backends import mail_backend
from common.network.client_address import trusted_proxies
from common.network.redis_cache import redis_caches

# Makes Django's classes generic at run time too (ModelAdmin[…], ModelForm[…]), as their stubs say they are.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = env.long_text("SECRET_KEY", least=32)
ENCRYPTION_KEYS = env.fernet_keys("ENCRYPTION_KEYS")
DEBUG = env.flag("DEBUG")
PUBLIC_URL = env.site("PUBLIC_URL", "http://127.0.0.1:8000")
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", "127.0.0.1,localhost", may_be_any=DEBUG)
SECURE = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "checkout_project.apps.CheckoutProjectConfig",
    "sessions_app.apps.SessionsConfig",
    "webhooks_app.apps.WebhooksConfig",
    "merchants_app.apps.MerchantsConfig",
    "chains_app.apps.ChainsConfig",
    "checkout_project.operators.admin_config.OperatorsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "drf_standardized_errors",
]

MIDDLEWARE = [
    "checkout_project.middleware.forwarded_headers.ForwardedHeadersMiddleware",
    "checkout_project.middleware.request_ids.RequestIdMiddleware",
    "checkout_project.middleware.callers.CallersMiddleware",
    "checkout_project.health.probes.Probes",
    "checkout_project.observing.requests.Counted",
    "checkout_project.middleware.pages.Outside",  # calls of the API go from here to `Inside`
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "checkout_project.middleware.content_security.ContentSecurityMiddleware",
    "checkout_project.middleware.private_pages.PrivatePagesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "checkout_project.middleware.typed_addresses.TypedAddresses",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "merchants_app.sign_in.device_middleware.DeviceMiddleware",
    "checkout_project.middleware.pages.Inside",
]

ROOT_URLCONF = "checkout_project.urls"
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
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"  # ours stand in templates/django/forms

DATABASE_POOLER = env.pooler()
DATABASES = {"default": env.database("DATABASE_URL"), **env.replica("DATABASE_REPLICA_URL")}
DATABASE_ROUTERS = ["common.replica.ReplicaRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.redis_url("REDIS_URL")
CACHES = redis_caches(REDIS_URL)

AUTH_USER_MODEL = "merchants_app.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Second factors: an authenticator app, passkeys, recovery codes. Their secrets are encrypted by the adapter.
MFA_ADAPTER = "merchants_app.sign_in.factor_adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "activate_totp": "merchants_app.sign_in.factor_forms.ActivateAppForm",
    "add_webauthn": "merchants_app.sign_in.factor_forms.AddPasskeyForm",
    "edit_webauthn": "merchants_app.sign_in.factor_forms.RenamePasskeyForm",
    "login_webauthn": "merchants_app.sign_in.factor_forms.SignInByPasskeyForm",
    "authenticate_webauthn": "merchants_app.sign_in.factor_forms.PasskeyAsFactorForm",
    "reauthenticate_webauthn": "merchants_app.sign_in.factor_forms.PasskeyAgainForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Tallystick"
# allauth's own rule would stop whoever changes their address from adding a factor, and the other way round.
MFA_ALLOW_UNVERIFIED_EMAIL = True  # one that is being changed to; the present one is proven
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/dashboard"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "merchants_app.sign_in.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "reset_password": "merchants_app.sign_in.account_forms.ProvenResetPasswordForm",
    "signup": "merchants_app.sign_in.account_forms.ProvenSignupForm",
}
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # or a stranger has us write to anybody
ACCOUNT_RATE_LIMITS = {  # of letters; the second one's are for a new account, and for another address of an old one
    "reset_password": "20/m/ip,100/d/ip,5/m/key,20/d/key", "confirm_email": "1/180s/key,100/d/key,100/d/ip",
}  # fmt: skip
# An address counts once its letter was opened; a new one takes the former one's place then, and not before.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # in the browser that signed up; elsewhere the password is asked for
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # before an address changes
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300  # seconds
SESSION_SERIALIZER = "common.encrypted_sessions.EncryptedSerializer"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
# Our own proxies: how many, or where they are. Whatever comes from anybody else says nothing of who calls and how.
try:
    TRUSTED_PROXIES = trusted_proxies(env.words("TRUSTED_PROXIES", "1" if env.flag("BEHIND_PROXY") else "0"))
except ValueError as error:
    env.wrong("TRUSTED_PROXIES", str(error))
    TRUSTED_PROXIES = trusted_proxies([])
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_SSL_REDIRECT = not env.flag("PROXY_REDIRECTS_TO_HTTPS") and SECURE
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
# Both bind other hosts than ours, the second one for years: only the owner of the domain can know.
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("HSTS_INCLUDE_SUBDOMAINS")
SECURE_HSTS_PRELOAD = env.flag("HSTS_PRELOAD")
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]  # which ask for these two
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
X_FRAME_OPTIONS = "DENY"
LANGUAGE_CODE = "en"
# Only buyers' pages and letters speak others than English; `common/network/languages.py` chooses.
LANGUAGES = [
    ("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español"),
    ("pt-br", "Português (Brasil)"), ("it", "Italiano"), ("nl", "Nederlands"), ("pl", "Polski"),
    ("tr", "Türkçe"), ("ar", "العربية"), ("he", "עברית"), ("zh-hans", "简体中文"),
    ("ja", "日本語"), ("id", "Bahasa Indonesia"),
]  # fmt: skip
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "checkout_project.web.static_files.HashedStaticFiles"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
EMAIL_HOST = env.text("EMAIL_HOST", "")
EMAIL_BACKEND = env.text("EMAIL_BACKEND", "") or mail_backend(host=EMAIL_HOST, debug=DEBUG)
DEFAULT_FROM_EMAIL = env.email("DEFAULT_FROM_EMAIL", "Tallystick <no-reply@localhost>")
EMAIL_PORT = env.number("EMAIL_PORT", 25, most=65535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
EMAIL_USE_SSL = env.flag("EMAIL_USE_SSL")
if EMAIL_USE_TLS and EMAIL_USE_SSL:
    env.wrong("EMAIL_USE_TLS and EMAIL_USE_SSL", "Give one of them: STARTTLS, or TLS from the start.")
EMAIL_TIMEOUT = 10  # seconds; a mail server that says nothing must not hold up whoever writes

# How long a process remembers whose a key is; a revoked key works at most that much longer (5 at most).
API_KEY_CACHE_SECONDS = env.number("API_KEY_CACHE_SECONDS", 4, least=0, most=4)

# Requests a minute, counted over all web processes; generous, to stop accidents rather than shops.
RATE_LIMIT_PER_KEY = env.number("RATE_LIMIT_PER_KEY", 6_000)
RATE_LIMIT_PER_ADDRESS = env.number("RATE_LIMIT_PER_ADDRESS", 12_000)
RATE_LIMIT_PER_LINK = env.number("RATE_LIMIT_PER_LINK", 20)
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
# Where a worker, beat and a sender tell their own numbers; 0: nowhere.
METRICS_PORT = env.number("METRICS_PORT", 0, least=0, most=65535)
# Another's variable, who would end each process with a traceback.
if (folder := env.text("PROMETHEUS_MULTIPROC_DIR", "")) and not os.access(f"{folder}/.", os.W_OK):
    env.wrong("PROMETHEUS_MULTIPROC_DIR", "Give a folder that is there, and may be written to.", value=folder)
# Traces and errors, for services of the operator's own (docs/monitoring.md). Empty: nobody is told.
OTEL_EXPORTER_OTLP_ENDPOINT = env.address_by_package(
    "OTEL_EXPORTER_OTLP_ENDPOINT", "opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http",
    "opentelemetry.instrumentation.django", "opentelemetry.instrumentation.psycopg",
    "opentelemetry.instrumentation.celery", "opentelemetry.instrumentation.httpx",
)  # fmt: skip
SENTRY_DSN = env.address_by_package("SENTRY_DSN", "sentry_sdk")

LOGGING = logs.configure(
    log_format=env.one_of("LOG_FORMAT", "json", ("json", "text")),
    level=env.one_of("LOG_LEVEL", "WARNING", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")),
)

# A body larger than this answers 413, before it is read when its length was sent; one that takes longer answers 408.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
BODY_SECONDS = env.number("BODY_SECONDS", 10)
# In how many threads a web process answers, and a worker works. More than cores: most of them wait for others.
WEB_THREADS, WORKER_THREADS = env.number("WEB_THREADS", 8), env.number("WORKER_THREADS", 48)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["merchants_app.frame.api_authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["merchants_app.frame.api_authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["common.api.json_bodies.ExactJsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.api.json_bodies.ExactJsonParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "checkout_project.api_errors.answer",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "Tallystick",
    "LICENSE": {"name": "MIT", "identifier": "MIT"},
    "CONTACT": {"name": "Whoever runs this installation", "url": PUBLIC_URL},
    "VERSION": "1",
    "DESCRIPTION": "A self-hosted checkout for crypto payments. Money amounts are exact JSON numbers in the session's "
    "currency, on-chain amounts are text, in the asset itself; times are ISO 8601 in UTC with milliseconds. Every "
    "answer carries `Request-Id` and `RateLimit-*`. Send an `Idempotency-Key` with every POST.",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,  # what a PATCH takes is optional as it is
    "SORT_OPERATIONS": False,
    "SERVERS": [{"url": PUBLIC_URL}],
    "WEBHOOKS": [
        "checkout_project.openapi.webhook_calls.checkout_created",
        "checkout_project.openapi.webhook_calls.checkout_partially_paid",
        "checkout_project.openapi.webhook_calls.checkout_processing",
        "checkout_project.openapi.webhook_calls.checkout_completed",
        "checkout_project.openapi.webhook_calls.checkout_expired",
        "checkout_project.openapi.webhook_calls.checkout_cancelled",
        "checkout_project.openapi.webhook_calls.checkout_extended",
        "checkout_project.openapi.webhook_calls.checkout_issue_opened",
        "checkout_project.openapi.webhook_calls.checkout_issue_resolved",
        "checkout_project.openapi.webhook_calls.payment_reversed",
        "checkout_project.openapi.webhook_calls.refund_created",
        "checkout_project.openapi.webhook_calls.refund_prepared",
        "checkout_project.openapi.webhook_calls.refund_seen",
        "checkout_project.openapi.webhook_calls.refund_confirmed",
        "checkout_project.openapi.webhook_calls.refund_withdrawn",
        "checkout_project.openapi.webhook_calls.endpoint_test",
    ],
    "POSTPROCESSING_HOOKS": [
        "checkout_project.openapi.hooks.components_of_webhooks",
        "checkout_project.openapi.hooks.examples_of_parameters",
        "checkout_project.openapi.hooks.headers_of_answers",
        "checkout_project.openapi.hooks.scopes_in_words",
        "checkout_project.openapi.hooks.open_and_complete",
    ],
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # for as long as it takes: the sender inside the worker needs no Redis
CELERY_WORKER_CONSUMER = "checkout_project.jobs.broker:PatientConsumer"

# Tallystick's own
NETWORKS_FILE = env.text("NETWORKS_FILE", "")
WEBHOOK_ALLOW_PRIVATE = env.flag("WEBHOOK_ALLOW_PRIVATE")
WEBHOOK_PORTS = env.ports("WEBHOOK_PORTS", "80,443")
OPEN_SIGNUP = env.flag("OPEN_SIGNUP")
OPERATOR_EMAIL = env.email("OPERATOR_EMAIL", "")
DATA_DIR = Path(env.text("DATA_DIR", str(BASE_DIR / ".data")))

# Rates: where to ask, in live mode. Empty: that source is switched off.
COINBASE_URL = env.text("COINBASE_URL", "https://api.coinbase.com").strip()
KRAKEN_URL = env.text("KRAKEN_URL", "https://api.kraken.com").strip()

# Who brings payments to the chain that buyers only sign (docs/x402.md). Empty: nobody, and no buyer is asked to.
FACILITATOR_URL = env.address("FACILITATOR_URL", "")
FACILITATOR_TOKEN = env.text("FACILITATOR_TOKEN", "")
WALLETCONNECT_RELAY = env.relay("WALLETCONNECT_RELAY", "wss://relay.walletconnect.org")

# All that was found wrong, at once; nothing starts on settings that could not be read.
env.tell(*environment_faults(NETWORKS_FILE, {"COINBASE_URL": COINBASE_URL, "KRAKEN_URL": KRAKEN_URL}))
