"""The least that Django can do for a sale: no middleware, one view with two statements, a guarded update and an insert."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from marketplace.databases import parse_database_url


def sell(request: HttpRequest) -> HttpResponse:
    """One unit to one buyer, as long as there are any."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE bench_stock SET allocated = allocated + 1 WHERE id = 1 AND in_stock - allocated >= 1")
        if not cursor.rowcount:
            return HttpResponse("sold out", status=409, headers={"Content-Length": "8"})
        cursor.execute("INSERT INTO bench_sale (stock_id, buyer) VALUES (1, %s)", [request.POST["buyer"]])
    return HttpResponse("sold", headers={"Content-Length": "4"})


urlpatterns = [path("", sell)]

settings.configure(
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY="a benchmark's",
    DATABASES={"default": parse_database_url(os.environ["DATABASE_URL"]) | {"CONN_MAX_AGE": 60}},
)
application = get_wsgi_application()
