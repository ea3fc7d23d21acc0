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
    executables = sorted(DEBIAN.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    return executables[-1].parent if executables else None


def create_cluster(folder, environment):
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
    _run("postgres", "--single", "-D", folder, "postgres", stdin=statement)


def command(folder, port):
    """Return the command that serves a database on a port of 127.0.0.1 only."""
    return _command_as_postgres("postgres", "-D", folder, "-h", "127.0.0.1", "-p", port, "-k", folder)


def _command_as_postgres(program, *arguments):
    """Return a command that runs as the user postgres: PostgreSQL does not run as root."""
    user_prefix = [
        "setpriv",
        "--reuid",
        "postgres",
        "--regid",
        str(pwd.getpwnam("postgres").pw_gid),
        "--clear-groups",
    ]
    command = [str(programs() / program), *map(str, arguments)]
    return [*user_prefix, *command] if os.geteuid() == 0 else command


def _run(*arguments, stdin=b""):
    process = subprocess.run(
        _command_as_postgres(*arguments), input=stdin, capture_output=True, check=False, cwd="/"
    )
    assert process.returncode == 0, process.stderr.decode()


def make_folder():
    """Make an empty folder that the user postgres can enter; only the owner can enter pytest's folders."""
    new_folder = Path(tempfile.mkdtemp(prefix="postlake-"))
    new_folder.chmod(0o755)
    return new_folder
