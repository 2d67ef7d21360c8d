"""Starts a PostgreSQL and a MariaDB of Debian's own packages: as an ordinary user, on loopback, in a folder that goes away."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

PASSWORD = "geh/eim@42"  # signs that a URL has to encode
QUOTED = "geh%2Feim%4042"
PACKAGES = {"postgres": "postgresql", "mariadbd": "mariadb-server-core"}  # the core package starts no service of its own
_WAIT = 60.0


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """A running server with the empty database `shop` and the user `reader`."""

    dialect: str
    port: int

    def url(self, *, password: str = QUOTED, database: str = "shop", dialect: str = "") -> str:
        return f"{dialect or self.dialect}://reader:{password}@127.0.0.1:{self.port}/{database}"

    def connect(self) -> Any:
        """A connection of the driver itself, for filling tables."""
        driver, database = _drivers()[self.dialect]
        options = {"host": "127.0.0.1", "port": self.port, "user": "reader", "password": PASSWORD, "autocommit": True}
        return driver.connect(**options, **{database: "shop"})

    def run(self, *statements: str) -> None:
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def _drivers() -> dict[str, tuple[Any, str]]:
    """Driver and its word for the database; skips without the extra `sql`."""
    return {"postgresql": (pytest.importorskip("psycopg"), "dbname"), "mariadb": (pytest.importorskip("pymysql"), "database")}


def _program(name: str) -> str:
    """Path of a server's program, installed first where that is possible; skips with the reason where it is not."""
    if (found := _find(name)) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # runlevel 1: packages start no service
        subprocess.run(["apt-get", "update", "-q"], env=quiet, check=False, capture_output=True)
        subprocess.run(
            ["apt-get", "install", "-qy", "--no-install-recommends", PACKAGES[name]], env=quiet, check=False, capture_output=True
        )
        found = _find(name)
    if found is None:
        pytest.skip(f"{name} is not installed and could not be; on Debian or Ubuntu: sudo apt-get install {PACKAGES[name]}")
    return found


def _find(name: str) -> str | None:
    places = [*sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True), "/usr/sbin"]
    return shutil.which(name, path=os.pathsep.join([*places, os.environ.get("PATH", "")]))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A short path (sockets allow 107 letters) that belongs to the user the servers run as."""
    with tempfile.TemporaryDirectory(prefix="insights-db-", ignore_cleanup_errors=True) as folder:
        if os.geteuid() == 0:
            os.chown(folder, *_user())
        yield Path(folder)


def _user() -> tuple[int, int]:
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _as_user(folder: Path) -> dict[str, Any]:
    """Servers refuse to run as root: they become nobody then."""
    who: dict[str, Any] = {"cwd": folder, "env": {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", "TZ": "UTC"}}
    if os.geteuid() == 0:
        user, group = _user()
        who |= {"user": user, "group": group, "extra_groups": []}
    return who


@contextlib.contextmanager
def _running(command: list[str], folder: Path, server: Server) -> Iterator[Server]:
    """The started server, once it lets the reader in; stopped afterwards."""
    with open(folder / "log", "wb") as log, subprocess.Popen(command, stdout=log, stderr=log, **_as_user(folder)) as process:
        try:
            _await(process, folder, server)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=_WAIT)


def _await(process: subprocess.Popen[bytes], folder: Path, server: Server) -> None:
    until = time.monotonic() + _WAIT
    not_yet = tuple(driver.OperationalError for driver, _ in _drivers().values())
    while True:
        try:
            server.connect().close()
        except not_yet as error:
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"the server did not start ({error}); its log ends with: {(folder / 'log').read_text()[-2000:]}")
            time.sleep(0.1)
        else:
            return


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    program = _program("postgres")
    with _folder() as folder:
        who, port = _as_user(folder), _free_port()
        (folder / "password").write_text(PASSWORD)
        os.chmod(folder / "password", 0o644)
        initdb = [str(Path(program).resolve().with_name("initdb")), "-D", str(folder / "data"), "-U", "reader", "-E", "UTF8", "--no-sync"]
        made = subprocess.run([*initdb, "-A", "scram-sha-256", f"--pwfile={folder / 'password'}"], capture_output=True, text=True, **who)
        assert made.returncode == 0, made.stderr
        with subprocess.Popen(
            [program, "--single", "-D", str(folder / "data"), "postgres"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **who,
        ) as single:
            single.communicate(b"create database shop\n", timeout=_WAIT)
        command = [program, "-D", str(folder / "data"), "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), "-F"]
        with _running(command, folder, Server(dialect="postgresql", port=port)) as server:
            yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Server]:
    program = _program("mariadbd")
    with _folder() as folder:
        port = _free_port()
        options = [
            program,
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            "--lc-messages-dir=/usr/share/mysql",
            "--innodb-flush-log-at-trx-commit=0",
        ]
        subprocess.run(["mkdir", "data"], check=True, **_as_user(folder))
        scripts = [Path("/usr/share/mysql") / f"mysql_{name}.sql" for name in ("system_tables", "system_tables_data")]
        text = "create database mysql;\nuse mysql;\n" + "\n".join(path.read_text(encoding="utf-8") for path in scripts)
        made = subprocess.run([*options, "--bootstrap"], input=text, capture_output=True, text=True, **_as_user(folder))
        assert made.returncode == 0, made.stderr
        (folder / "first.sql").write_text(
            f"create database if not exists shop;\ncreate user reader@'127.0.0.1' identified by '{PASSWORD}';\ngrant all on shop.* to reader@'127.0.0.1';\n"
        )
        network = [
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--socket={folder}/s",
            "--skip-name-resolve",
            f"--init-file={folder}/first.sql",
        ]
        with _running([*options, *network], folder, Server(dialect="mariadb", port=port)) as server:
            yield server


@pytest.fixture(params=["postgres", "mariadb"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each server in turn."""
    found: Server = request.getfixturevalue(request.param)
    return found
