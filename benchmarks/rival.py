"""Stock django-oscar beside the mall: in an environment of its own, from a hashed lock, with the same products and server."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg import sql

from benchmarks.load import Page
from benchmarks.mall import Mall, drop
from benchmarks.sites import site
from marketplace.databases import renamed

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(__file__).with_name("oscar")
ENVIRONMENT = ROOT / ".bench-oscar"
DATABASE = "bench_oscar"
# Everything that it sells, newest first, 24 a page.
LIST_PATH = "/catalogue/"
# One product as the shop there needs it: sku, title, price in fen, category, units in stock.
Goods = list[tuple[str, str, int, str, int]]


class NoRival(RuntimeError):
    """Oscar's environment cannot be made here; the sentence says why."""


@dataclass(frozen=True)
class Oscar:
    """A shop with products: its interpreter, what its processes need to know, and a signed-in customer's session."""

    python: str
    environment: Mapping[str, str]
    database_url: str
    session: str

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Its pages on a port, yielded."""
        with site("oscar", "sandbox.wsgi", self.environment, python=self.python, folder=FOLDER) as port:
            yield port

    def page(self, port: int, *, signed_in: bool = False) -> Page:
        """Its list of all products."""
        return Page(port, LIST_PATH, {"Cookie": f"sessionid={self.session}"} if signed_in else {})

    def order(self, lines: int) -> tuple[float, int]:
        """Seconds and statements of one order of so many different products."""
        told = json.loads(_run([self.python, "-m", "sandbox.order", str(lines)], self.environment))
        return float(told["seconds"]), int(told["statements"])


@contextmanager
def oscar(mall: Mall, goods: Goods) -> Iterator[Oscar]:
    """A shop with these products, in a database of its own. Raises NoRival where it cannot be installed."""
    python = _python()
    url = renamed(mall.owner_url, DATABASE)
    media = mall.data / "oscar-media"
    environment = {
        "DJANGO_SETTINGS_MODULE": "sandbox.settings", "OSCAR_DATABASE_URL": url, "OSCAR_MEDIA": str(media)
    }  # fmt: skip
    drop(mall, DATABASE)
    with psycopg.connect(renamed(mall.owner_url, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    try:
        media.mkdir(exist_ok=True)
        file = media / "goods.json"
        file.write_text(json.dumps(goods), encoding="utf-8")
        session = _run([python, "-m", "sandbox.fill", str(file)], environment).split()[-1]
        with psycopg.connect(url, autocommit=True) as connection:
            # As autovacuum leaves the tables of a shop that has been open for a while, on this side as on ours.
            connection.execute("VACUUM ANALYZE")
        yield Oscar(python, environment, url, session)
    finally:
        drop(mall, DATABASE)
        shutil.rmtree(media, ignore_errors=True)


def _python() -> str:
    """The interpreter of Oscar's environment, made anew when its lock has changed."""
    lock = FOLDER / "requirements.lock"
    folder, stamp = ENVIRONMENT / "venv", ENVIRONMENT / "made-from"
    python = folder / "bin" / "python"
    wanted = sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    ENVIRONMENT.mkdir(exist_ok=True)
    with (ENVIRONMENT / "lock").open("a") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text(encoding="ascii") != wanted:
            uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
            if uv is None:
                raise NoRival("uv is not installed; `make setup` installs it")
            _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], {})
            _run([uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes", "-r", str(lock)], {})
            stamp.write_text(wanted, encoding="ascii")
    return str(python)


def _run(command: list[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, cwd=FOLDER, env=os.environ | dict(environment), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NoRival(f"{' '.join(command[:4])} failed: {done.stderr.strip()[-600:]}")
    return done.stdout
