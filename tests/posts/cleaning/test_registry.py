"""Every rule by which cleaning leaves something out is in the registry, with a reason that can be told."""

import ast
import pkgutil
from importlib import import_module

import pytest

import posts
from paths import GOLDEN, ROOT
from posts.cleaning.registry import RULE_REASONS, RULES
from posts.errors import Ignored, Rejected
from posts.parse import RawFile, parse_blocks
from posts.rules.elements import ELEMENT_RULES
from posts.rules.rule import Rule, Scope
from posts.rules.text_index import ALL_TEXT_RULES
from schemas.enums import HtmlParser
from schemas.keys import blob_id

POSTS = ROOT / "posts"
CASES = sorted(path for path in GOLDEN.rglob("*.*") if path.suffix != ".json")
MODULES = [import_module(found.name) for found in pkgutil.walk_packages(posts.__path__, "posts.")]
# those of rows without a name of their own aside
RECORDS = {
    name: value for module in MODULES for name, value in vars(module).items() if isinstance(value, Rule)
}
NAMED_BY = {"_class_rule", "element_rule"}


def rules_in(module):
    """Yield the names that a module sets as a rule: `x.rule = ...`, `yield block, ...`, the fourth part of a Segment."""
    for node in ast.walk(ast.parse((POSTS / module).read_text("utf-8"))):
        if isinstance(node, ast.Assign) and any(getattr(it, "attr", None) == "rule" for it in node.targets):
            yield from _words(node.value)
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            yield from _words(node.value.elts[-1])
        elif isinstance(node, ast.GeneratorExp) and isinstance(node.elt, ast.Tuple):
            yield from _words(node.elt.elts[-1])
        elif isinstance(node, ast.Call) and getattr(node.func, "id", None) == "Segment":
            yield from (word for part in node.args[3:] for word in _words(part))
        elif isinstance(node, ast.FunctionDef) and node.name in NAMED_BY:
            returned = (it.value for it in ast.walk(node) if isinstance(it, ast.Return) and it.value)
            yield from (word for value in returned for word in _words(value))


def _words(node):
    """Yield the texts that an expression may come to, but for those that it compares with."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.Attribute) and node.attr == "name" and getattr(node.value, "id", "").isupper():
        yield RECORDS[node.value.id].name
    elif isinstance(node, ast.BoolOp):
        yield from (word for value in node.values for word in _words(value))
    elif isinstance(node, ast.IfExp):
        yield from (word for value in (node.body, node.orelse) for word in _words(value))


@pytest.mark.parametrize("module", sorted(str(path.relative_to(POSTS)) for path in POSTS.rglob("*.py")))
def test_every_rule_that_the_code_names_has_a_reason(module):
    assert set(rules_in(module)) <= set(RULE_REASONS)


def test_the_rules_that_are_functions_are_found_in_the_code():
    found = {rule for path in POSTS.rglob("*.py") for rule in rules_in(path)}
    data = {rule.name for rule in (*ELEMENT_RULES, *ALL_TEXT_RULES)}
    assert set(RULE_REASONS) - found <= data


def test_every_record_is_in_the_registry():
    assert [name for name, rule in RECORDS.items() if rule not in RULES] == []


def test_a_rule_has_one_reason():
    assert {(rule.name, rule.reason) for rule in RULES} == set(RULE_REASONS.items())


def rules_met(case):
    """Return the rules by which blocks, links and pictures of a golden case are left out."""
    content = case.read_bytes()
    try:
        _, read = parse_blocks(RawFile("/", case.name, content, blob_id(content)), HtmlParser.LEXBOR, {})
    except (Rejected, Ignored):
        return set()
    return {each.rule for each in (*read.blocks, *read.all_links, *read.all_images)} - {None}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.relative_to(GOLDEN).as_posix())
def test_every_rule_that_a_golden_case_meets_has_a_reason(case):
    assert rules_met(case) <= set(RULE_REASONS)


def test_a_reason_is_one_line_without_a_full_stop():
    assert [reason for reason in RULE_REASONS.values() if "\n" in reason or reason.endswith(".")] == []


def test_every_rule_is_met_by_a_golden_case():
    """Those of templates aside, which tests of learning meet."""
    met = {rule for case in CASES for rule in rules_met(case)}
    assert {rule.name for rule in RULES if Scope.TEMPLATE not in rule.scope} - met == set()
