"""A page that shows a post beside its cleaned text, for a browser: in one file, without scripts or network."""

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby
from urllib.parse import unquote

from cli.explain.terminal import counts_line, recurrence_text
from posts.explain import ExplainedBlock, ExplainedPassage, Explanation, RuleTotal
from posts.post import Post

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
LANGUAGES = frozenset({"zh", "yue", "ja", "ko", "en"})
# All that a post holds is escaped; should some of it not be, this keeps a browser from running or loading it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1c1c1e; --faint: #6b6b73; --line: #e3e3e8; --out: #a3262b;
  --out-page: #fdf1f0; --out-line: #e8b4b1 }
@media (prefers-color-scheme: dark) { :root { --page: #16171a; --text: #e4e4e7; --faint: #9b9ba4; --line: #2e3036;
  --out: #f2a19c; --out-page: #2b1b1c; --out-line: #6b3433 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 84rem; padding: 1.5rem; background: var(--page); color: var(--text);
  font: 1rem/1.7 system-ui, "Noto Sans", "PingFang SC", "Noto Sans CJK SC", sans-serif; overflow-wrap: anywhere }
:lang(zh-Hant), :lang(yue) { font-family: system-ui, "PingFang TC", "Noto Sans CJK TC", sans-serif }
h1 { font-size: 1.5rem; line-height: 1.35; margin: 0 0 .25rem }
header p, footer p { margin: 0 0 .25rem; color: var(--faint); font-size: .875rem }
a { color: inherit }
summary { cursor: pointer; color: var(--faint); font-size: .875rem; padding: .4rem 0 }
table { border-collapse: collapse; font-size: .8125rem; line-height: 1.5; margin-bottom: .5rem; overflow-wrap: normal }
th, td { text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0; font-weight: normal }
th { color: var(--faint) }
.number { text-align: right; font-variant-numeric: tabular-nums }
.row { display: grid; grid-template-columns: 1fr 1fr; column-gap: 2.5rem; padding: .4rem 0 }
.row.names { position: sticky; top: 0; background: var(--page); border-bottom: 1px solid var(--line);
  color: var(--faint); font-size: .875rem; margin-bottom: .5rem; z-index: 1 }
.row p { margin: 0; white-space: pre-wrap }
.heading p { font-weight: 650; font-size: 1.1rem; padding-top: .6rem }
.pre p { font: .875rem/1.55 ui-monospace, "Noto Sans Mono", monospace; background: color-mix(in srgb, var(--line) 40%, transparent);
  padding: .6rem .8rem }
.blockquote p { border-left: 3px solid var(--line); padding-left: .8rem }
.li p, .dd p { padding-left: 1.2rem; position: relative }
.li p::before { content: "•"; position: absolute; left: .3rem; color: var(--faint) }
.figcaption p, .tr p { font-size: .9rem }
.out { color: var(--out); background: var(--out-page); font-size: .9rem }
div.out { border-left: 3px solid var(--out-line); padding: .3rem .7rem }
div.out p { display: inline; font-weight: normal; font-size: inherit; padding: 0; background: none; border: 0 }
div.out p + p::before { content: " ¶ "; position: static; color: var(--out-line) }
span.out { display: block; border-left: 3px solid var(--out-line); padding: .15rem .7rem; margin: .3rem 0; white-space: pre-line }
span.out.hashtag { display: inline; border: 0; padding: .1rem .2rem; margin: 0 }
.rule { display: inline-block; font: .72rem/1.4 ui-monospace, monospace; border: 1px solid var(--out-line); border-radius: .25rem;
  padding: 0 .3rem; margin-right: .45rem; white-space: normal; color: var(--out) }
.raw pre { font: .75rem/1.5 ui-monospace, monospace; white-space: pre-wrap; border: 1px solid var(--line); padding: .8rem;
  max-height: 80vh; overflow: auto }
.switch, .switch + label { display: none }
@media (max-width: 44rem) {
  body { padding: .8rem }
  .row { display: block }
  .row.names, .clean { display: none }
  .switch { display: inline; margin: .8rem .3rem 0 0 }
  .switch + label { display: inline; margin-right: 1rem; font-size: .875rem }
  #clean:checked ~ main .original { display: none }
  #clean:checked ~ main .clean { display: block }
  #clean:checked ~ main .row.gone { display: none }
  table { width: 100% }
  tr { display: flex; flex-wrap: wrap; padding-bottom: .4rem }
  th, td { flex: 0 0 5rem; padding-right: 0 }
  th:first-child, td:first-child { flex: 1 }
  td:last-child { flex: 100%; color: var(--faint) }
  th:last-child { display: none }
}
"""


def page(explanation: Explanation) -> str:
    """Return the whole page: head, what each rule left out, the original beside the clean text, the raw file."""
    rows = "".join(map(_row, _rows(explanation.blocks)))
    parts = [
        _head(explanation),
        _rules(explanation.rule_totals),
        _switch(),
        _tag("main", _names() + _tag("div", rows, lang=_language(explanation.post))),
        _raw(explanation),
    ]
    title = _tag("title", escape(explanation.post.title))
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    width = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    head = _tag("head", f'<meta charset="utf-8">{policy}{width}{title}' + _tag("style", STYLE))
    return "<!doctype html>\n" + _tag("html", head + _tag("body", "\n".join(parts)), lang="en") + "\n"


def _tag(name: str, inner: str, **attributes: str) -> str:
    """Return an element. Attributes are escaped, `inner` is markup."""
    written = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{inner}</{name}>"


def _head(explanation: Explanation) -> str:
    post = explanation.post
    told = [f"{escape(post.source)} · {post.date} · {_address(post)}", escape(counts_line(explanation))]
    title = _tag("h1", escape(post.title), lang=_language(post))
    return _tag("header", title + "".join(_tag("p", line) for line in told))


def _address(post: Post) -> str:
    """Return the post's URL as a link, which is safe: a canonical one is http or https."""
    if not post.url:
        return escape(post.path)
    return _tag("a", escape(_readable(post.url)), href=post.url, rel="noreferrer")


def _readable(url: str) -> str:
    """Undo the percent-encoding of a URL as address bars do."""
    told = unquote(url)
    return told if told.isprintable() and "\ufffd" not in told else url


def _language(post: Post) -> str:
    """Return the language of a post as browsers choose fonts by it; nothing where it is not one."""
    if post.language not in LANGUAGES:
        return ""
    return f"{post.language}-{post.script}" if post.script else post.language


def _rules(shares: list[RuleTotal]) -> str:
    if not shares:
        return ""
    kinds = {"rule": "", "blocks": "number", "characters": "number", "reason": ""}
    names = "".join(_tag("th", name, class_=kind) for name, kind in kinds.items())
    rows = "".join(map(_share, shares))
    told = _tag("summary", "What each rule left out") + _tag("table", _tag("tr", names) + rows)
    return _tag("details", told, open="")


def _share(share: RuleTotal) -> str:
    rule = _tag("td", _tag("span", escape(share.rule), class_="rule"))
    numbers = "".join(_tag("td", f"{n:,}", class_="number") for n in (share.blocks, share.characters))
    return _tag("tr", rule + numbers + _tag("td", escape(share.reason)))


def _switch() -> str:
    """Let a reader on a phone choose the column."""
    choices = (("original", "Original", " checked"), ("clean", "Clean text", ""))
    return "".join(
        f'<input type="radio" name="column" class="switch" id="{name}"{checked}>'
        + _tag("label", told, for_=name)
        for name, told, checked in choices
    )


def _names() -> str:
    return _tag("div", _tag("div", "Original") + _tag("div", "Clean text"), class_="row names")


def _rows(blocks: Iterable[ExplainedBlock]) -> Iterator[list[ExplainedBlock]]:
    """Put blocks into rows: each into its own, but neighbours that one rule left out whole into one."""
    for rule, group in groupby(blocks, _rule_alone):
        if rule is None:
            yield from ([block] for block in group)
        else:
            yield list(group)


def _rule_alone(block: ExplainedBlock) -> tuple[str, str] | None:
    first = block.passages[0]
    if len(block.passages) > 1 or first.rule is None:
        return None
    return first.rule, recurrence_text(first.recurrences)


def _row(blocks: list[ExplainedBlock]) -> str:
    first = blocks[0]
    kind = "heading" if first.element in HEADINGS else first.element
    if _rule_alone(first) is None:
        original = _tag("p", "".join(map(_passage, first.passages)))
    else:
        told = first.passages[0]
        texts = "".join(_tag("p", escape(block.passages[0].text)) for block in blocks)
        original = _tag("div", _rule(told, len(blocks)) + texts, class_="out", title=str(told.reason))
    clean = _tag("p", escape(first.clean_text)) if first.clean_text else ""
    columns = _tag("div", original, class_="original") + _tag("div", clean, class_="clean")
    return _tag("div", columns, class_=f"row {kind}" if first.clean_text else "row gone") + "\n"


def _passage(passage: ExplainedPassage) -> str:
    if passage.rule is None:
        return escape(passage.text)
    told = _rule(passage, 1) + escape(passage.text.strip())
    return _tag("span", told, class_=f"out {passage.rule}", title=str(passage.reason))


def _rule(passage: ExplainedPassage, blocks: int) -> str:
    told = [str(passage.rule), f"{blocks} blocks" if blocks > 1 else "", recurrence_text(passage.recurrences)]
    return _tag("span", escape(" · ".join(filter(None, told))), class_="rule")


def _raw(explanation: Explanation) -> str:
    summary = _tag("summary", f"Raw file ({len(explanation.original):,} characters)")
    return _tag("details", summary + _tag("pre", escape(explanation.original)), class_="raw")
