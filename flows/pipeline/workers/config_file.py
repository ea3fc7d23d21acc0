"""The configuration of parsing as a file that workers load: templates are larger than a chunk of files."""

import pickle
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from lake.storage.location import Location
from posts.worker import ParseConfig


@dataclass(slots=True)
class ConfigFiles:
    """A file in a folder for each configuration of a run, one after the other."""

    folder: Location
    _last: tuple[ParseConfig, Location] | None = None

    def write(self, config: ParseConfig) -> Location:
        """Write a configuration, unless it is the last one that was written, and return its file."""
        if self._last is None or self._last[0] is not config:
            content = pickle.dumps(config)
            file = self.folder / f"config-{blake2b(content, digest_size=8).hexdigest()}"
            self.folder.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            self._last = config, file
        return self._last[1]


@lru_cache(maxsize=1)
def load_config(file: Location) -> ParseConfig:
    """Return the configuration in a file, which a worker loads once for any number of tasks."""
    config: ParseConfig = pickle.loads(file.read_bytes())  # noqa: S301 - written by the run
    return config
