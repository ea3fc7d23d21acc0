"""Every rule of cleaning is in the registry, with a reason."""

import ast
import pkgutil
from importlib import import_module

import pytest

import posts
from paths import GOLDEN, ROOT
from posts.cleaning.registry import RULE_REASONS, RULES
from posts.errors import Ignored, Rejected
from posts.parse import parse_blocks
from posts.rules.elements import ELEMENT_RULES
from posts.rules.rule import Rule, Scope
from posts.rules.text_index import ALL_TEXT_RULES
from posts.sources.files import RawFile
from schemas.enums import HtmlParser
from schemas.keys import blob_id

POSTS = ROOT / "posts"
CASES = sorted(path for path in GOLDEN.rglob("*.*") if path.suffix != ".json")
MODULES = [import_module(found.name) for found in pkgutil.walk_packages(posts.__path__, "posts.")]
# rules that are bound to a module constant
RECORDS = {
    name: value for module in MODULES for name, value in vars(module).items() if isinstance(value, Rule)
}
RULE_FUNCTIONS = {"_class_rule", "element_rule"}


def rule_names_in(module):
    """Yield the names that a module sets as a rule: `x.rule = ...`, `yield block, ...`, the fourth part of a Segment."""
    for node in ast.walk(ast.parse((POSTS / module).read_text("utf-8"))):
        if isinstance(node, ast.Assign) and any(
            getattr(part, "attr", None) == "rule" for part in node.targets
        ):
            yield from _string_values(node.value)
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            yield from _string_values(node.value.elts[-1])
        elif isinstance(node, ast.GeneratorExp) and isinstance(node.elt, ast.Tuple):
            yield from _string_values(node.elt.elts[-1])
        elif isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Segment":
            yield from (name for part in node.args[3:] for name in _string_values(part))
        elif isinstance(node, ast.FunctionDef) and node.name in RULE_FUNCTIONS:
            values = (part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value)
            yield from (name for value in values for name in _string_values(value))


def _string_values(node):
    """Yield the possible string values of an expression, without the strings that it is compared with."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.Attribute) and node.attr == "name" and getattr(node.value, "id", "").isupper():
        yield RECORDS[node.value.id].name
    elif isinstance(node, ast.BoolOp):
        yield from (word for value in node.values for word in _string_values(value))
    elif isinstance(node, ast.IfExp):
        yield from (word for value in (node.body, node.orelse) for word in _string_values(value))


@pytest.mark.parametrize("module", sorted(str(path.relative_to(POSTS)) for path in POSTS.rglob("*.py")))
def test_every_rule_that_the_code_names_has_a_reason(module):
    assert set(rule_names_in(module)) <= set(RULE_REASONS)


def test_the_rules_that_are_functions_are_found_in_the_code():
    in_code = {rule for path in POSTS.rglob("*.py") for rule in rule_names_in(path)}
    in_tables = {rule.name for rule in (*ELEMENT_RULES, *ALL_TEXT_RULES)}
    assert set(RULE_REASONS) - in_code <= in_tables


def test_every_record_is_in_the_registry():
    assert [name for name, rule in RECORDS.items() if rule not in RULES] == []


def test_a_rule_has_one_reason():
    assert {(rule.name, rule.reason) for rule in RULES} == set(RULE_REASONS.items())


def rules_applied_to(case):
    """Return the rules by which blocks, links and images of a golden case are removed."""
    content = case.read_bytes()
    try:
        _, content_blocks = parse_blocks(
            RawFile("/", case.name, content, blob_id(content)), HtmlParser.LEXBOR, {}
        )
    except (Rejected, Ignored):
        return set()
    return {
        each.rule for each in (*content_blocks.blocks, *content_blocks.all_links, *content_blocks.all_images)
    } - {None}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative_to(GOLDEN).as_posix())
def test_every_rule_that_a_golden_case_meets_has_a_reason(case):
    assert rules_applied_to(case) <= set(RULE_REASONS)


def test_a_reason_is_one_line_without_a_full_stop():
    assert [reason for reason in RULE_REASONS.values() if "\n" in reason or reason.endswith(".")] == []


def test_every_rule_is_met_by_a_golden_case():
    """Rules of templates are excepted; tests of learning apply them."""
    applied = {rule for case in CASES for rule in rules_applied_to(case)}
    assert {rule.name for rule in RULES if Scope.TEMPLATE not in rule.scope} - applied == set()
