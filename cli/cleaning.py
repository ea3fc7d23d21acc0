"""Commands about the cleaning of posts: `clean`, `explain`, `rules`."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.options import (
    SOURCE_OPTION,
    Json,
    LakeDir,
    Parser,
    expand_path,
    lake_location,
    output_file,
    output_folder,
)
from cli.output.terminal import escape_control_characters, print_json, print_to_stderr
from lake.storage.location import DEFAULT_LOCATION
from schemas.enums import DEFAULT_PARSER

FAILED_EXIT_CODE = 1


def clean(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Post files.", parser=expand_path)],
    lake: Annotated[
        Any,
        typer.Option(
            "--lake",
            help="Apply the settings of this lake, and the templates that it has learned.",
            parser=lake_location,
            metavar="LAKE",
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            help="Folder for <stem>.txt files, instead of stdout.", parser=output_folder, metavar="FOLDER"
        ),
    ] = None,
    parser: Parser = DEFAULT_PARSER,
) -> None:
    """Print the cleaned text of post files, with a blank line between blocks."""
    from posts.parse import parse_file
    from posts.post import Post

    parse, failure_count = partial(parse_file, parser=parser), 0
    if lake is not None:
        from flows.pipeline.learning.explain import cleaning_of

        templates, settings, origins = cleaning_of(lake)
        parse = partial(parse, templates=templates, settings=settings, origins=origins)
    for file in files:
        post = parse(os.fsencode(file))
        if not isinstance(post, Post):
            failure_count += 1
            print_to_stderr(": ".join(filter(None, [str(file), post.outcome, post.reason, post.detail])))
        elif to is None:
            typer.echo(escape_control_characters(post.text))
        else:
            (to / f"{file.stem}.txt").write_text(post.text + "\n" if post.text else "", encoding="utf-8")
    raise typer.Exit(FAILED_EXIT_CODE if failure_count else 0)


def explain(
    target: Annotated[
        str, typer.Argument(metavar="FILE|URL|POST_ID", help="A post file, or a post of the lake.")
    ],
    lake: LakeDir = DEFAULT_LOCATION,
    parser: Parser = DEFAULT_PARSER,
    html: Annotated[
        Path | None,
        typer.Option(
            "--html",
            "--output",
            "-o",
            help="Write a page for a browser to this file.",
            parser=output_file,
            metavar="FILE",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The blocks as one JSON object.")] = False,
) -> None:
    """Show what is kept of a post and what each rule removes, with the templates learned by the lake."""
    from cli.explain.page import render_page
    from cli.explain.terminal import as_dict, print_explanation
    from flows.pipeline.learning.explain import explain as run_explain

    explanation = run_explain(target, lake, parser)
    if html is not None:
        html.write_text(render_page(explanation), encoding="utf-8")
    if as_json:
        print_json(as_dict(explanation))
    elif html is None:
        print_explanation(explanation)


def rules(
    lake: LakeDir = DEFAULT_LOCATION,
    source: Annotated[list[str] | None, SOURCE_OPTION] = None,
    as_json: Json = False,
) -> None:
    """Show what each cleaning rule removed: posts, cuts, characters, and passages as examples.

    The passages are of a post with large cuts and of the latest post. With --json they are whole, with the
    post_id for `postlake explain`.
    """
    from cli.output.rules import print_rules
    from flows.pipeline.learning.rules import report_rules

    report = report_rules(lake, source or ())
    if as_json:
        print_json(report)
        return
    print_rules(report)
