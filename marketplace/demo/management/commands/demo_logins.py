"""Print a login for every role of the demonstration."""

from typing import Any

from django.core.management.base import BaseCommand

from marketplace.demo.cast import LOGINS, PASSWORD, PLACES
from marketplace.organisations.models import User
from marketplace.signin.second_factor import shown_code


class Command(BaseCommand):
    help = "Print a login for every role of the demonstration."

    def handle(self, *args: Any, **options: Any) -> None:
        """By where work begins: user name, the code of this moment or the phone, who it is; one password for all."""
        self.stdout.write(f"Every login has the password  {PASSWORD}")
        wide = max(len(login.username) for login in LOGINS)
        people = User.objects.in_bulk([login.username for login in LOGINS], field_name="username")
        for start, who in PLACES.items():
            self.stdout.write(f"{start:<12}{who}")
            for login in (login for login in LOGINS if login.start == start):
                person = people.get(login.username)
                key = (shown_code(person) or person.phone) if person else ""
                self.stdout.write(f"  {login.username:<{wide}}  {key:<11}  {login.who} / {login.who_en}")
        self.stdout.write(
            "Whoever has six digits beside the name is asked for them after the password. They change every 30 seconds; "
            "the page that asks shows them too. Whoever has a phone number may sign in by it instead."
        )
