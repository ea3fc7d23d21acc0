"""SQLite as the database of the Prefect server, with transactions that wait for each other."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.database.dependencies import MODELS_DEPENDENCIES
from prefect.server.utilities.database import get_dialect
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL
from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


class _ImmediateSqliteConfiguration(AioSqliteConfiguration):
    """A SQLite configuration whose transactions take the write lock when they begin, waiting up to a minute.

    Prefect begins most transactions as readers. If such a transaction then writes, and another one has
    written since it began, SQLite fails at once (SQLITE_BUSY_SNAPSHOT,
    https://sqlite.org/rescode.html#busy_snapshot), and the API answers 503.
    """

    @asynccontextmanager
    async def begin_transaction(
        self, session: AsyncSession, with_for_update: bool = True
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        del with_for_update
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


def use_immediate_transactions() -> None:
    """Make a server that is created in this process use such transactions, if its database is SQLite."""
    url = PREFECT_API_DATABASE_CONNECTION_URL.value()
    if get_dialect(url).name == "sqlite":
        MODELS_DEPENDENCIES["database_config"] = _ImmediateSqliteConfiguration(connection_url=url)
