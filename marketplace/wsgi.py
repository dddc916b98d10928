"""The WSGI entry point that gunicorn serves."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")

application = get_wsgi_application()

# What stands once Django is set up stands for good: the collector need not walk through it with every gift that is decided.
gc.collect()
gc.freeze()
