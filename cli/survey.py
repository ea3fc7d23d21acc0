"""The command `survey`."""

import typer

from cli.command import with_options
from cli.options import Json
from cli.output.progress import progress_display
from cli.output.terminal import print_json
from flows.pipeline.options import SurveyOptions


@with_options(SurveyOptions, sources=typer.Argument(metavar="SOURCE"))
def survey(options: SurveyOptions, as_json: Json = False) -> None:
    """Tell what an ingest would make of sources, before there is a lake: posts, dates, sources, languages, rejects.

    Reads the heads of files, and a few whole. Writes nothing.
    """
    from cli.output.survey import as_dict, print_survey
    from flows.pipeline.survey import survey as run_survey

    with progress_display():
        result = run_survey(options)
    print_json(as_dict(result)) if as_json else print_survey(result)
