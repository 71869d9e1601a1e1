"""The floor that the API is measured against: a bare Django view with one authenticated INSERT, or one SELECT."""

import hashlib
import json

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

TABLE = "create table if not exists bench_floor (id bigserial primary key, merchant_id bigint, body jsonb)"
_KEY = "select merchant_id from merchants_app_apikey where digest = %s and revoked_at is null"


def insert(request: HttpRequest) -> HttpResponse:
    """POST: whose key is it, then one row."""
    body = json.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(_KEY, [_digest(request)])
        (merchant,) = cursor.fetchone()
        cursor.execute(
            "insert into bench_floor (merchant_id, body) values (%s, %s) returning id", [merchant, json.dumps(body)]
        )
        (number,) = cursor.fetchone()
    return _answer({"id": number, **body})


def select(request: HttpRequest, number: int) -> HttpResponse:
    """GET: whose key is it, then one row of theirs."""
    with connection.cursor() as cursor:
        cursor.execute(_KEY, [_digest(request)])
        (merchant,) = cursor.fetchone()
        cursor.execute("select id, body from bench_floor where id = %s and merchant_id = %s", [number, merchant])
        found, body = cursor.fetchone()
    return _answer({"id": found, **json.loads(body)})


def _digest(request: HttpRequest) -> str:
    return hashlib.sha256(request.headers["Authorization"].removeprefix("Bearer ").encode()).hexdigest()


def _answer(value: object) -> HttpResponse:
    body = json.dumps(value).encode()
    return HttpResponse(body, content_type="application/json", headers={"Content-Length": str(len(body))})


urlpatterns = [path("insert", insert), path("select/<int:number>", select)]


def make_application() -> WSGIHandler:
    """For granian's `--factory`."""
    return get_wsgi_application()
