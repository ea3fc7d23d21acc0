"""Definitions of links that a loop of Liquid writes: `[#{{ number }}]: https://lock.example/{{ number }}`."""

import re

# what stands before and after the variable, on the line of its `{{`
LABEL_START = re.compile(r" {0,3}\[([^\[\]\n]*+)\Z")
LABEL_END = re.compile(r"([^\[\]\n]*+)\]:[ \t]*+(\S[^\n]{0,500}+)$", re.MULTILINE)
OUTPUT = re.compile(r"\{\{([^{}\n]*+)\}\}")
MAX_VALUE_CHARS = 60
MAX_VALUES = 1000
# each is searched for in the whole body
MAX_LOOPS = 10


class LoopDefinitions:
    """The definitions that loops write for the references in a body."""

    def __init__(self, body: str) -> None:
        self.body = body
        self.loops_left = MAX_LOOPS

    def replace(self, line_start: str, output: str, end: int) -> tuple[str, int] | None:
        """Return what stands for the output of a variable in a label, up to the end of the line, and that end.

        That is a definition for each reference in the body that the label fits. None if it is in no label.
        """
        start, rest = LABEL_START.fullmatch(line_start), LABEL_END.match(self.body, end)
        if start is None or rest is None or not self.loops_left:
            return None
        self.loops_left -= 1
        reference = re.compile(
            rf"\[{re.escape(start[1])}([^\[\]\n]{{1,{MAX_VALUE_CHARS}}}){re.escape(rest[1])}\](?!:)"
        )
        found = dict.fromkeys(value for value in reference.findall(self.body) if "{{" not in value)
        values = list(found)[:MAX_VALUES]
        name = output.strip(" -")
        definitions = [f"{value}{rest[1]}]: {_fill(rest[2], name, value)}" for value in values]
        definitions = definitions or [f"{rest[1]}]: #"]
        return f"\n{line_start}".join(definitions), rest.end()


def _fill(address: str, name: str, value: str) -> str:
    filled = OUTPUT.sub(lambda output: value if output[1].strip(" -") == name else "", address)
    return filled if filled.strip() else "#"
