"""Print a login for every role of the demonstration."""

from typing import Any

from django.core.management.base import BaseCommand

from marketplace.demo.cast import LOGINS, PASSWORD


class Command(BaseCommand):
    help = "Print a login for every role of the demonstration."

    def handle(self, *args: Any, **options: Any) -> None:
        """User name, start page, who it is; one password for all."""
        self.stdout.write(f"Every login has the password  {PASSWORD}")
        wide = max(len(login.username) for login in LOGINS)
        for login in LOGINS:
            self.stdout.write(f"  {login.username:<{wide}}  {login.start:<12}  {login.who} / {login.who_en}")
