#!/usr/bin/env python
"""Django's command line, with the embedded database and broker started when none is configured."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Run a management command against a database that is up."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    if "DATABASE_URL" not in os.environ:
        from marketplace import embedded

        embedded.ensure(Path(os.environ.get("MALL_DATA", Path(__file__).parent / ".data")))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
