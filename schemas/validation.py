"""dataframely, imported without the libraries that it supports and that postlake does not use.

It imports SQLAlchemy and pydantic where they are installed, as they are with Prefect: 0.3 CPU seconds of every command.
It imports NumPy, which starts a thread for each processor, for algebra that nobody here does.
"""

import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
_UNUSED = [name for name in ("sqlalchemy", "pydantic") if name not in sys.modules]
# an entry that is None lets the import raise ImportError, and dataframely go on without
sys.modules.update(dict.fromkeys(_UNUSED))  # type: ignore[arg-type]  # documented, but typeshed knows modules only
try:
    import dataframely as dy
finally:
    for _name in _UNUSED:
        del sys.modules[_name]

__all__ = ["dy"]
