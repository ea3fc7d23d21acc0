"""Why cleaning leaves a block out: a sentence for each rule."""

from types import MappingProxyType

from posts.cleaning.block_rules import TEXT_RULES
from posts.html.elements import CLASS_RULES

# the rules that are functions; those that are data bring their reason with them
_FUNCTION_RULE_REASONS = {
    "fallback_element": "controls, and stand-ins for what cannot be played",
    "site_chrome_element": "header, footer or navigation of the site",
    "form_element": "a form to fill in",
    "teaser": "the card of another piece: its title as a link, its beginning cut off",
    "title_repeated": "repeats the title, which is a column of its own",
    "promotion": "asks to subscribe, pay, follow or share",
    "own_links": "nothing but links to other pieces of the same site",
    "lead_in": "announces links that are left out",
    "announced_links": "links that a line like `further reading` announces",
    "bare_address": "an address without a word, in no list of sources",
    "after_promotion": "a short line of links among pleas at the end",
    "recurring": "a passage that recurs over the posts of the source",
    "recurring_block": "a block that recurs over the posts of the source",
    "recurring_markup": "in markup that holds only what recurs over the posts of the source",
    "link": "an address or account that is no source of the text",
    "link_label": "announces an address that is left out",
    "ruler": "a row of signs that parts one section from the next",
    "hashtag": "a tag, or the sign of one that is a word of a sentence",
    "plea": "asks to subscribe, pay, follow or share, beside what is left out or at an end of the text",
    "keywords": "words for search engines",
    "leftover": "no sentence, and alone among what is left out",
}
# name of a rule -> why it leaves a block out
RULE_REASONS = MappingProxyType(
    _FUNCTION_RULE_REASONS
    | {rule.name: rule.reason for rule in CLASS_RULES}
    | {wording.name: wording.reason for wording in TEXT_RULES}
)
