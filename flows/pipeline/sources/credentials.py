"""Sources with a password or a token in the name: Prefect stores the parameters of a run and shows them."""

import re
from collections.abc import Iterable

from schemas.errors import MisuseError

# A user, a password or a query in a URL, in a regular expression that JavaScript supports too: a form checks
# it in the browser. SSH needs a user, which is no secret, and a file URL has no query. A `/` in a password
# that is not encoded ends the host for git, and leaves a port that is not a number.
_SSH = r"(?:[Gg][Ii][Tt]\+)?[Ss][Ss][Hh](?:\+[Gg][Ii][Tt])?:/{1,3}[^/?#]*:[^/?#]*@"
_FILE = r"[Ff][Ii][Ll][Ee]:"
_USER = r"[^/?#]*@"
_NO_PORT = r"(?:[^/?#:\[]*|\[[^\]]*\]):\d*[^/?#\d]"
_QUERY = r"[^?#]*[?#]"
_URL = rf"(?!{_FILE}|(?:[Gg][Ii][Tt]\+)?[Ss][Ss][Hh])[A-Za-z][A-Za-z0-9+.-]+:/{{1,3}}(?:{_USER}|{_NO_PORT}|{_QUERY})"
# `user:password@host:path`, which git does not support
_SCP = r"[^\s/@:]+:[^\s/@]+@[\w.-]+:"
CREDENTIALS = rf"\s*(?:{_SSH}|{_URL}|{_SCP})"
# pattern for a source in a JSON schema
NO_CREDENTIALS = rf"^(?!{CREDENTIALS})"
CREDENTIALS_ADVICE = (
    "a URL with a user, a password or a query, which Prefect would keep: name it without, and let git find them "
    "(a credential helper, or GIT_ASKPASS); those of a bucket come from environment variables"
)


def has_credentials(source: str) -> bool:
    """Return whether the name of a source contains credentials, which only git should receive."""
    return re.match(CREDENTIALS, source) is not None


def raise_if_credentials(sources: Iterable[str], subject: str = "a source") -> None:
    """Raise MisuseError where a source contains a user, a password or a token.

    The message does not repeat them.
    """
    if any(map(has_credentials, sources)):
        raise MisuseError(f"{subject} is {CREDENTIALS_ADVICE}")


def redacted(source: str) -> str:
    """Return the name of a source, or a fixed text where the name contains credentials."""
    return "a URL with credentials" if has_credentials(source) else source
