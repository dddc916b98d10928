"""The least that Django can do for a page: no middleware, no template, one view that returns bytes of a file (BENCH_PAGE)."""

import os
from pathlib import Path

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

PAGE = Path(os.environ["BENCH_PAGE"]).read_bytes()


def page(_request: HttpRequest) -> HttpResponse:
    """The bytes."""
    return HttpResponse(PAGE, headers={"Content-Length": str(len(PAGE))})


urlpatterns = [path("", page)]

settings.configure(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="a benchmark's")
application = get_wsgi_application()
