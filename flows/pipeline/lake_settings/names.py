"""Open a lake to read it, with the names of sources to show."""

import logging

from lake.storage.location import Location
from lake.storage.settings_file import read_settings_file
from lake.store import Lake, open_lake
from schemas.errors import MisuseError

logger = logging.getLogger(__name__)


def open_with_names(root: Location) -> Lake:
    """Return an existing lake. Of faulty settings it has no names: who only reads is not to be stopped.

    Raises LakeError.
    """
    lake = open_lake(root)
    if read_settings_file(root) is not None:
        # imported where there are settings: it takes as long as a query
        from flows.pipeline.lake_settings.load import load_settings

        try:
            lake.shown_names = load_settings(root).shown_names
        except MisuseError as error:
            logger.warning(str(error))
    return lake
