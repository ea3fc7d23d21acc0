"""Commands that work on a lake and read no source: `learn`, `reclean`."""

from typing import Annotated

import typer

from commands.options import DATA_LAKE, Json, LakeDir, Parser, Sources, Wait, Workers
from commands.terminal import say, show_upkeep, watching
from schemas.words import Engine


def learn(
    lake: LakeDir = DATA_LAKE,
    source: Sources = None,
    anew: Annotated[bool, typer.Option("--anew", help="Forget what was learned before.")] = False,
    and_reclean: Annotated[
        bool,
        typer.Option("--reclean/--no-reclean", help="Clean the posts of sources with a new template again."),
    ] = True,
    workers: Workers = 0,
    wait: Wait = 600,
    as_json: Json = False,
) -> None:
    """Learn which sentences, blocks and markup recur over the posts of each source, and clean its posts of them.

    Looks at the sources with posts that their template has not seen, or at those that are named.
    """
    from flows.steps.upkeep import Upkeep
    from flows.steps.upkeep import learn as run_learn

    order = Upkeep(lake, tuple(source or ()), workers, wait_seconds=wait)
    with watching():
        done = run_learn(order, say, anew=anew, and_reclean=and_reclean)
    show_upkeep(done, as_json=as_json)


def reclean(
    lake: LakeDir = DATA_LAKE,
    source: Sources = None,
    workers: Workers = 0,
    parser: Parser = Engine.LEXBOR,
    wait: Wait = 600,
    as_json: Json = False,
) -> None:
    """Clean posts again, from the bytes that the lake keeps, where their template or the cleaner is another now."""
    from flows.steps.upkeep import Upkeep, clean_anew

    with watching():
        done = clean_anew(Upkeep(lake, tuple(source or ()), workers, parser, wait), say)
    show_upkeep(done, as_json=as_json)
