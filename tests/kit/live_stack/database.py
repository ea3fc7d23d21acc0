"""PostgreSQL, started as in its image, with the programs of this machine."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")


def programs():
    """Return the folder of the newest PostgreSQL programs; None if there are none."""
    found = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def make(folder, environment):
    """Create a database cluster in an empty folder, with user, password and database as the image does."""
    folder.mkdir(parents=True, exist_ok=True)
    secret = folder.parent / "password"
    secret.write_text(environment["POSTGRES_PASSWORD"], encoding="utf-8")
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        shutil.chown(secret, "postgres")
    user = environment["POSTGRES_USER"]
    _run("initdb", "--pgdata", folder, "--username", user, "--pwfile", secret, "--encoding", "UTF8",
         "--locale", "C.UTF-8", "--auth-local", "trust", "--auth-host", "scram-sha-256")  # fmt: skip
    secret.unlink()
    statement = f"CREATE DATABASE {environment['POSTGRES_DB']};\n".encode()
    _run("postgres", "--single", "-D", folder, "postgres", given=statement)


def command(folder, port):
    """Return the command that serves a database on a port of 127.0.0.1 only."""
    return _as_its_user("postgres", "-D", folder, "-h", "127.0.0.1", "-p", port, "-k", folder)


def _as_its_user(program, *words):
    """Return a command that runs as the user postgres: PostgreSQL does not run as root."""
    other = [
        "setpriv",
        "--reuid",
        "postgres",
        "--regid",
        str(pwd.getpwnam("postgres").pw_gid),
        "--clear-groups",
    ]
    full = [str(programs() / program), *map(str, words)]
    return [*other, *full] if os.geteuid() == 0 else full


def _run(*words, given=b""):
    done = subprocess.run(_as_its_user(*words), input=given, capture_output=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr.decode()


def folder():
    """Make an empty folder that the user postgres can enter; only the owner can enter pytest's folders."""
    made = Path(tempfile.mkdtemp(prefix="postlake-"))
    made.chmod(0o755)
    return made
