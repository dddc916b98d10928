"""Addresses of PostgreSQL databases, and the two roles that every database of ours has.

`mall_owner` owns the schema and migrates; `mall_app` does the daily work, owns nothing and is no superuser
(docs/architecture.md). No Django in here: settings import it.

    python -m marketplace.databases     # prepare a server of one's own
"""

import os
from typing import Any, LiteralString
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from psycopg import sql

DATABASE, OWNER, APP = "mall", "mall_owner", "mall_app"
EXTENSIONS: tuple[LiteralString, ...] = ("btree_gist", "pg_trgm", "pg_stat_statements")
DEFAULT_PRIVILEGES: LiteralString = "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT "


class UnsupportedDatabase(ValueError):
    """The address names something other than PostgreSQL, or is no address at all."""


def parse_database_url(url: str) -> dict[str, Any]:
    """Django's description of the database at `postgresql://user:password@host:port/name?option=value`.

    Raises UnsupportedDatabase, with a plain sentence, for every other kind of database.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise UnsupportedDatabase(
            f"The database address starts with {parts.scheme or 'no scheme'!r}, but the mall runs on "
            "PostgreSQL only: its rules are enforced by PostgreSQL's triggers. Give an address like "
            "postgresql://user:password@host:5432/mall, or unset DATABASE_URL to use the embedded server."
        )
    name = unquote(parts.path.removeprefix("/"))
    if not name:
        raise UnsupportedDatabase(
            "The database address names no database. Put its name at the end: postgresql://user:password@host:5432/mall."
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def renamed(url: str, name: str) -> str:
    """The same server and role, another database."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def prepare(superuser_url: str, owner_password: str, app_password: str) -> None:
    """Make roles, extensions and the empty database `mall` on a server, or repair them; safe to repeat.

    `superuser_url` is a superuser's address of any database on that server. What is put into template1
    (extensions, default privileges) is in every database made from then on, the tests' copies included.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        for role, password, rights in (
            (OWNER, owner_password, "CREATEDB"),
            (APP, app_password, "NOCREATEDB"),
        ):
            _set_role(connection, role, password, rights)
        # So that the owner may end the app's sessions when it drops a database.
        connection.execute(_text("GRANT {app} TO {owner}"))
    with psycopg.connect(renamed(superuser_url, "template1"), autocommit=True) as connection:
        _furnish(connection)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if found is None:
            connection.execute(_text("CREATE DATABASE {database} OWNER {owner}"))
    with psycopg.connect(renamed(superuser_url, DATABASE), autocommit=True) as connection:
        _furnish(connection)


def _text(statement: LiteralString) -> sql.Composed:
    return sql.SQL(statement).format(
        database=sql.Identifier(DATABASE), owner=sql.Identifier(OWNER), app=sql.Identifier(APP)
    )


def _set_role(connection: psycopg.Connection, role: str, password: str, rights: LiteralString) -> None:
    found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if found is None:
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
    connection.execute(
        sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEROLE " + rights + " PASSWORD {}").format(
            sql.Identifier(role), sql.Literal(password)
        )
    )


def _furnish(connection: psycopg.Connection) -> None:
    """Extensions, and what the app's role may do with whatever the owner creates later."""
    for extension in EXTENSIONS:
        connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
    connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    for grant in (
        _text("GRANT USAGE ON SCHEMA public TO {app}"),
        _text(DEFAULT_PRIVILEGES + "SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}"),
        _text(DEFAULT_PRIVILEGES + "USAGE, SELECT ON SEQUENCES TO {app}"),
        _text(DEFAULT_PRIVILEGES + "EXECUTE ON FUNCTIONS TO {app}"),
    ):
        connection.execute(grant)


def copy_database(owner_url: str, template: str, name: str) -> None:
    """A new database `name` with everything that `template` has. Nobody may be connected to the template."""
    with psycopg.connect(renamed(owner_url, "postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )


def drop_database(owner_url: str, name: str) -> None:
    """Drop a database if it is there, ending its sessions."""
    with psycopg.connect(renamed(owner_url, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def main() -> None:
    """Prepare a server of one's own: SUPERUSER_URL, DATABASE_OWNER_URL and DATABASE_URL say which and how."""
    owner, app = (parse_database_url(os.environ[name]) for name in ("DATABASE_OWNER_URL", "DATABASE_URL"))
    for name, url, role in (("DATABASE_OWNER_URL", owner, OWNER), ("DATABASE_URL", app, APP)):
        if (url["USER"], url["NAME"]) != (role, DATABASE):
            raise SystemExit(f"{name} must lead to the database {DATABASE!r} as the role {role!r}.")
    prepare(os.environ["SUPERUSER_URL"], owner["PASSWORD"], app["PASSWORD"])


if __name__ == "__main__":
    main()
