"""PostgreSQL as its image starts it, from the programs of this machine."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")


def programs():
    """Return the folder of PostgreSQL's programs, the newest if there are several; None if there is none."""
    found = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def make(folder, environment):
    """Make a database in an empty folder, with the user, password and database that the image would make."""
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
    """Return the command that serves a database on a port of 127.0.0.1, and nowhere else."""
    return _as_its_user("postgres", "-D", folder, "-h", "127.0.0.1", "-p", port, "-k", folder)


def _as_its_user(program, *words):
    """PostgreSQL does not run as root."""
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
    """Make an empty folder that PostgreSQL's user can enter too; pytest's are closed to all but their owner."""
    made = Path(tempfile.mkdtemp(prefix="postlake-"))
    made.chmod(0o755)
    return made
