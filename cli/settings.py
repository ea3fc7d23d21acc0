"""The command about the settings of a lake: `settings`."""

from typing import Annotated

import typer

from cli.options import Json, LakeDir
from cli.output.terminal import echo, print_json
from lake.storage.location import DEFAULT_LOCATION


def settings(
    lake: LakeDir = DEFAULT_LOCATION,
    example: Annotated[
        bool, typer.Option("--example", help="Print a file with all settings, to start with.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Name each fault of the file, with its line and what is right.")
    ] = False,
    show: Annotated[
        bool,
        typer.Option("--show", help="Print the settings in force, and where each comes from (the default)."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show or check the settings of a lake: the file postlake.toml in its folder.

    The command line goes before the environment, the environment before this file.
    """
    if example + check + show > 1:
        raise typer.BadParameter("give one of --example, --check and --show")
    from flows.pipeline.lake_settings import show as lake_settings
    from lake.storage.settings_file import read_settings_file, settings_file

    if example:
        echo(lake_settings.example().rstrip())
        return
    rows = list(lake_settings.effective_settings(lake))
    if check:
        file = settings_file(lake)
        echo(
            f"{file}: no faults"
            if read_settings_file(lake) is not None
            else f"{file}: there is none, which is no fault"
        )
    elif as_json:
        print_json({row.setting: {"value": row.value, "from": row.origin} for row in rows})
    else:
        from cli.output.tables import print_table

        print_table(("setting", "value", "from"), rows)
