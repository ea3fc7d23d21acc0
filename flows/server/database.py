"""SQLite as the database of Prefect's server, with transactions that wait for each other."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.database.dependencies import MODELS_DEPENDENCIES
from prefect.server.utilities.database import get_dialect
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


class _ImmediateSqliteConfiguration(AioSqliteConfiguration):
    """SQLite of which a transaction waits for its turn to write as it begins, up to a minute.

    Prefect begins most of them as readers. SQLite refuses one at once that has read and then writes, if another has
    written meanwhile (SQLITE_BUSY_SNAPSHOT, https://sqlite.org/rescode.html#busy_snapshot), and the API answers 503.
    """

    @asynccontextmanager
    async def begin_transaction(
        self, session: AsyncSession, with_for_update: bool = True
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        del with_for_update
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


def use_immediate_transactions() -> None:
    """Have a server that is made in this process wait for its turn to write, where its database is SQLite."""
    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    if get_dialect(url).name == "sqlite":
        MODELS_DEPENDENCIES["database_config"] = _ImmediateSqliteConfiguration(connection_url=url)
