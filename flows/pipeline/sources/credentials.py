"""Sources that carry a password or a token: Prefect keeps the parameters of a run, and shows them to all who can read it."""

import re
from collections.abc import Iterable

from schemas.errors import MisuseError

# A user, a password or a query in a URL, in spellings that JavaScript reads too: a form checks it there. SSH needs a
# user, which is no secret, and a file has no query. A `/` in a password that is not encoded ends what git takes for
# the host, and leaves a port that is no number.
_SSH = r"(?:[Gg][Ii][Tt]\+)?[Ss][Ss][Hh](?:\+[Gg][Ii][Tt])?:/{1,3}[^/?#]*:[^/?#]*@"
_FILE = r"[Ff][Ii][Ll][Ee]:"
_USER = r"[^/?#]*@"
_NO_PORT = r"(?:[^/?#:\[]*|\[[^\]]*\]):\d*[^/?#\d]"
_QUERY = r"[^?#]*[?#]"
_URL = rf"(?!{_FILE}|(?:[Gg][Ii][Tt]\+)?[Ss][Ss][Hh])[A-Za-z][A-Za-z0-9+.-]+:/{{1,3}}(?:{_USER}|{_NO_PORT}|{_QUERY})"
# `user:password@host:path`, which git does not take
_SCP = r"[^\s/@:]+:[^\s/@]+@[\w.-]+:"
CREDENTIALS = rf"\s*(?:{_SSH}|{_URL}|{_SCP})"
# what a schema asks of a source
NO_CREDENTIALS = rf"^(?!{CREDENTIALS})"
CREDENTIALS_ADVICE = (
    "a URL with a user, a password or a query, which Prefect would keep: name it without, and let git find them "
    "(a credential helper, or GIT_ASKPASS)"
)


def has_credentials(source: str) -> bool:
    """Return whether a source's name holds what is for git alone."""
    return re.match(CREDENTIALS, source) is not None


def raise_if_credentials(sources: Iterable[str], subject: str = "a source") -> None:
    """Raise MisuseError, which does not repeat them, where a source holds a user, a password or a token."""
    if any(map(has_credentials, sources)):
        raise MisuseError(f"{subject} is {CREDENTIALS_ADVICE}")


def redacted(source: str) -> str:
    """Return a source's name, or what stands for one that is for nobody to read."""
    return "a URL with credentials" if has_credentials(source) else source
