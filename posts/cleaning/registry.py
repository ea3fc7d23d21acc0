"""All cleaning rules, collected from the modules that define them."""

from types import MappingProxyType

from posts.boilerplate.template import TEMPLATE_RULES
from posts.cleaning.endings import ENDING_RULES
from posts.cleaning.flat import FLAT_RULES
from posts.cleaning.flat.title import TITLE_REPEATED
from posts.cleaning.head import HEAD_RULES
from posts.cleaning.link_list import LINK_LIST_RULES
from posts.cleaning.links import LINK_RULES
from posts.html.cards import TEASER
from posts.rules.elements import ELEMENT_RULES
from posts.rules.text_index import ALL_TEXT_RULES

RULES = (
    *ELEMENT_RULES,
    TEASER,
    TITLE_REPEATED,
    *ALL_TEXT_RULES,
    *HEAD_RULES,
    *LINK_RULES,
    *ENDING_RULES,
    *LINK_LIST_RULES,
    *TEMPLATE_RULES,
    *FLAT_RULES,
)
# name of a rule -> the reason why it drops text
RULE_REASONS = MappingProxyType({rule.name: rule.reason for rule in RULES})
