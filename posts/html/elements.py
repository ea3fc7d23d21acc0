"""Which elements of a page are not the post's own text: rules of tag, style, class and id, each with its reason."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# neither text nor anything a reader sees as such
SKIPPED_TAGS = frozenset(
    "head title script style template object embed svg canvas math-renderer map datalist param source track area".split()
)
# controls and stand-ins for what cannot be played
FALLBACK_TAGS = frozenset(
    "noscript iframe video audio button select textarea input option progress meter dialog".split()
)
# parts of a page by their role, https://www.w3.org/TR/wai-aria-1.2/#landmark_roles
CHROME_ROLES = frozenset(
    "dialog alertdialog navigation banner contentinfo search menu menubar toolbar tablist tooltip".split()
)
# within a listing all else is how it is coloured
RULES_IN_CODE = frozenset({"line_numbers", "fallback_element", "hidden_element"})
CHROME_TAGS = frozenset({"header", "footer", "nav"})
CLASS_EXEMPT_TAGS = frozenset({"article", "main", "body", "html"})
NAME_ATTRIBUTES = ("class", "id", "data-e2e", "data-testid", "data-component")
# what names an article's kind, topics or place in a list, on the element that holds it
ARTICLE_CLASSES = frozenset("node hentry h-entry gh-article post-full status-publish".split())
ARTICLE_STATUS_CLASSES = frozenset("promoted published sticky featured".split())
ARTICLE_KIND = re.compile(
    r"(?:node|post|type|tag|category|series|format|status|view-mode)-(?!(?:\S+-)?teaser)"
)
TOPIC_PREFIX = re.compile("(?:tag|category|type|topic)-")
RULES_IGNORING_TOPIC_PREFIX = frozenset({"tags_element", "byline_element", "related_element"})
# theirs are ids that links lead to: `tools`, `series`, `license` name what they are about
ANCHOR_ID_TAGS = frozenset("h1 h2 h3 h4 h5 h6 section".split())
# no rule names anything longer, and the patterns try each part of a name as a beginning
MAX_NAME_CHARS = 100
CAMEL_BOUNDARY = re.compile("(?<=[a-z0-9])(?=[A-Z])")
DASHES = re.compile("[-_]+")
HIDDEN_STYLE = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ClassRule:
    """An element is left out where one of its class names or its id is wholly one of `names`.

    Names are compared in lower case with `_` for `-`, after a leading part that only says where the element
    stands (`post-`, `entry-`, `article__`, `c-`, `js-` ...). Parts of names never count: `tag-politics` is a
    topic of the page and `share-price` a subject.
    """

    name: str
    reason: str
    names: str


# what a plea is put in; `subscribe-history` is a subject
SUFFIXES = (
    r"(?:-?(?:box|form|widget|wrap|wrapper|cta|buttons?|btn|banner|prompt|container|inline|bar|block|section|module|callout|modal|popup"
    r"|overlay|signup|area|card|link|links|unit|embed|promo|message|msg|notice|panel|footer|header|tips?|title|text|desc|us|me|now|row|content|editor))*"
)
PREFIXES = (
    r"(?:(?:js|c|o|m|u|l|is|wp|wp-block|jp|et|td|elementor|theme|site|blog|block|post|posts|entry|article|single|page"
    r"|content|story|news|node|item|rich-media|body|main|section|widget|component|module|box|the|p|g|ui|app|mod|rich|note|review|detail|details|index)-)*"
)
CLASS_RULES = (
    ClassRule(
        "hidden_element",
        "readers do not see it",
        r"sr-only(?:-focusable)?|screen-reader(?:-text|-only)?|visually-?hidden(?:-focusable)?|element-invisible"
        r"|d-none|hidden|is-hidden|hide|visually-hidden-text|visuallyhidden|print-(?:only|link)|noprint|no-print|only-print|skip-link|skip-to-content|assistive-text",
    ),
    ClassRule(
        "title_element",
        "the title is a column of its own",
        r"title|headline|hed|post-?title|entry-?title|article-?title|lede-hed|p-name",
    ),
    ClassRule(
        "byline_element",
        "author, date and length are metadata",
        r"meta|metas|meta-?(?:data|info|wrapper|top|bottom|box|line|item|list)|info-?bar|byline|by-?line|bylines|submitted(?:-by)?|posted-(?:on|by|in)"
        r"|publish(?:ed)?-?(?:date|time|info|on)?|pub-?(?:date|time)|date|date-source|source-date|top-bar\S*|datetime|time-?stamp|entry-?date|dateline|author|authors|author-?(?:name|link|meta|line|info-line)|vcard"
        r"|reading-?time|read-?time|word-?count|views?-?count|post-?views|entry-utility|cat-links|categories|category|category-?(?:list|links)|kicker|eyebrow|rubric|read-later|art-?info|article-?info|post-?info|from-author|content-source-?info|article-?source|idetor|editor-?info|voters|content-item-time|ip-?location|pub-?info|copyright-?info-?author",
    ),
    ClassRule(
        "author_box",
        "about the author of the site's posts, set by the template",
        r"author-?(?:box|bio|card|profile|block|area|section|details|description|about|avatar|wrap(?:per)?)|about-?(?:the-)?author|bio-?box|saboxplugin-\S+|profile-?(?:card|box)|contributors?-?(?:bio|box)",
    ),
    ClassRule(
        "share_element",
        "sharing, liking and counting",
        r"shar(?:e|es|ing)|share-?(?:this|buttons?|links?|bar|box|tools?|icons?|list|widget|wrapper|container|area|count)|sharing-(?:area|bar|block|box|buttons?|container|enabled|hidden|icons?|links?|list|row|text|tools?|widget|wrapper)|sharedaddy|sd-(?:sharing|block|social|like)\S*|jp-post-flair|jpost-?flair"
        r"|social|socials|social-?(?:share|sharing|links?|icons?|media|buttons?|bar|list|follow|box|nav|menu)|addtoany\S*|a2a_\S+|addthis\S*|bdsharebuttonbox|bdshare|like-?(?:box|button|bar)|likes|clap|claps|reactions?|rating|star-rating|post-?(?:actions|like|likes|tools)|actions|action-?bar|fb-like|twitter-share-button|toolbar|tools|tool|tool-?(?:icons?|bar|box|kit)|page-tools|rich-?content-actions|content-item-actions|action-react|operation-?bar|post-ufi|like-wrap|interaction-?bar|(?:[a-z0-9]+-)+(?:sharing|sharebar|share-?buttons?|toobar\d*)",
    ),
    ClassRule(
        "related_element",
        "a list of other pieces",
        r"related|related-?(?:posts?|articles?|content|stories|links?|news|reads?|topics|box|list|items?|entries|wrapper)|jp-relatedposts|yarpp\S*|more-?(?:stories|posts|articles|news|from|links?|reading|in)|read-?(?:more|next|also)|further-?reading|recommend(?:s|ed|ations?)?|recommended-\S+|(?:[a-z0-9]+-)+recommendations?|recirc\S*|also-?(?:read|like)|you-may-\S+"
        r"|siblings?|siblings-list\S*|sidebar|side-?bar|post-?sidebar|popular|popular-posts|trending|most-(?:read|popular|viewed)|latest-?(?:posts|news)?|previous|next|prev|prev-next|nextprev|(?:post-?)?(?:next|prev(?:ious)?)(?:-post|-link|-article)?|series|series-?(?:list|nav|box|links|posts|meta)|collection|collection-list|type-collection|teaser|teasers|streamitem|promo-?(?:link|box|card|list)?|card-footer|elevate-container|embed-?(?:link|card)|link-?card|bookmark-card|kg-bookmark-card|mixtapeembed|wp-embedded-content|wp-block-embed__wrapper-post|embedded-post(?:-\S+)?|digest-?post-?embed|more-?article|interstitial(?:-\S+)?|m-interstitial\S*|recommendations-heading|yuzo\S*|crp-related\S*|wp-?rp-\S+|media-block-wrap|hot-?(?:news|list|articles?)|read-?rank|xg-?read|article-?list|relate(?:-\S+)?|link-?card(?:-\S+)?|topic-link",
    ),
    ClassRule(
        "navigation_element",
        "ways to elsewhere",
        r"breadcrumbs?|breadcrumb-?(?:nav|list|trail)|crumbs?|nav|navbar|nav(?:igation|-links?|-menu|-previous|-next|-below|-single|igation-links)|pagination|pager|paginator|page-?(?:links|nav|numbers)|menu|menus|main-menu|toc|table-of-contents|toc-?(?:container|wrapper|list|box|content|title)|ez-toc(?!-section)\S*|lwptoc\S*|js-toc|markdown-toc|back-to-top|backtotop|go-top|navigation__\S+|logo|site-logo|brand|masthead|site-header|site-footer|header-?(?:bar|nav|top)",
    ),
    ClassRule(
        "tags_element",
        "tags are a column of their own",
        r"tags?|tag-?(?:s|links?|list|cloud|box|items?|wrapper|container)|tagcloud|tags-?box|mod-tags|keywords?|topics|hashtags?|labels",
    ),
    ClassRule(
        "promotion_element",
        "asks to subscribe, pay, follow or donate",
        rf"(?:newsletter|subscribe|subscription|sign-?up|email-?(?:signup|capture)|donate|donation|donor|support|membership|member|paywall|regwall|reward|follow|sponsor|appeal){SUFFIXES}|mailchimp\S*|mc-embed-signup|(?!(?:has|no|non|with|without|pre|before)-)(?:[a-z0-9]+-)*(?:[a-z0-9]*paywall|barrier(?:-?(?:page|box|wrap|wrapper|content|overlay|message|fail-?safe)\S*)?)|cta|call-to-action|promo(?:tion)?|promo-?(?:banner|block)|app-?(?:download|banner|promo)|download-?app|reward-?qrcode|qr-?code|qrcode-\S+|append-?qr\S*|(?!(?:has|no|non|with|without|pre|before)-)(?:[a-z0-9]+-)+(?:qr|qrcode|promos?|newsletter|paywall|subscribe|signup|donation|donate)|wechat-?(?:qr\S*|code|follow)|tip-?jar|buy-?me\S*|patreon\S*|kofi\S*|preview-?(?:wall|notice)|custom-select-card|mp-profile-iframe\S*|(?:[a-z0-9]+-)*self-promo\S*|promoted-(?:content|posts?|articles?|links?|stories)|promote-(?:box|banner|block)|before-ir|app-?e\d+|subscription-widget\S*|charge-?wall\S*|support-us|rewards?{SUFFIXES}|rewards?-\S+|admire(?:-\S+)?|dashang\S*|zanshang\S*",
    ),
    ClassRule(
        "advertisement",
        "paid for",
        r"ads?|advert(?:s|isement|isements|ising)?|ad-?(?:box|slot|unit|container|wrapper|block|banner|label|space|zone|inner|placeholder)|ads-?(?:box|slot|wrapper|container)|adsbygoogle|google-?ads?\S*|gpt-ad\S*|dfp-\S+|sponsored|sponsored-\S+|sponsor-?(?:content|message)|commercial|taboola\S*|outbrain\S*|ob-widget|(?:[a-z0-9]+-)+(?:adverts?|ads)|criteo\S*|native-ad",
    ),
    ClassRule(
        "footer_element",
        "rights and notices of the site",
        r"footer|foot-?note-site|entry-footer|copyright|copy-?right-?(?:notice|info|box|text|area)?|license|licence|cc-license|post-?copyright\S*|legal|disclaimer|terms|colophon|cookie-?(?:bar|banner|box|consent|law|message|modal|notice|overlay|policy|popup|settings|wall|warning)\S*|gdpr\S*|consent-\S+|report-?(?:error|issue)|copyright-claim|shengming|bottom-article\S*|disclaimer-?\S+|tptn-counter|edit-?(?:this-page|page|link|post)|errata-link|credits?-?(?:line|box)?",
    ),
    ClassRule(
        "credit_element",
        "who made the picture",
        r"(?:photo|image|picture|media|img|figure|caption|video|illustration|cap|thumbnail)-?(?:credits?|cred|copyright|source|byline|by|attribution|rights)|wp-media-credit|media-credit|field-name-field-(?:image|photo|media)-(?:source|credit|copyright)|credit|credits?|figure-?source|copyright-holder|attribution",
    ),
    ClassRule(
        "comments_element",
        "what readers wrote below",
        r"comments|comments-?(?:area|list|section|wrapper|title|link|count|form|container|block|template)|comment-?(?:list|form|respond|reply|section|area|wrapper|thread|count|s-link)|respond|disqus\S*|disqus_thread|fb-comments|gitalk\S*|giscus|utterances|valine\S*|livere\S*|commento|leave-comment|replies|reply|discuss-(?:container|list|title)|comments?-?wrap(?:per)?",
    ),
    ClassRule(
        "line_numbers",
        "the gutter of a listing is no code",
        r"(?:code|lang|language|highlight|copy)-?(?:header|lang|language|label|title|btn|button|copy|name)|lang-label|copy-?(?:code|to-clipboard\S*)|clipboard\S*|(?:rouge-)?gutter(?:-lines)?|line-?(?:nos?|numbers?)(?:-rows)?|lineno|linenos|linenodiv|linenumbers|lnt|blob-num|hljs-ln-numbers|crayon-nums?\S*",
    ),
    ClassRule(
        "chart_labels",
        "numbers along the axes of a drawing (ai2html, Highcharts, Datawrapper, D3)",
        r"g-aipointtext|g-pstyle\d*|highcharts-(?:container|root|axis\S*|legend\S*|data-labels\S*|tooltip|credits)|dj-chart-inner|datawrapper-\S+|axis|tick|ticks|legend|chart-?(?:legend|axis|label|labels|credit|source|footer)|g-source|graphic-?(?:source|credit)",
    ),
    ClassRule(
        "player_controls",
        "buttons and times of a player",
        r"(?:mejs|plyr|vjs|jp|audio|video|player|podcast|powerpress)-?(?:controls?|time|duration|current|progress(?:-bar)?|links|buttons?|speed|play(?:-button)?|fallback|error)\S*|progress-?bar|player-controls|duration|current-time|no-cover",
    ),
)
_CLASS_RULE_PATTERN = re.compile(
    "|".join(f"(?P<{rule.name}>{PREFIXES}(?:{rule.names}))" for rule in CLASS_RULES)
)
DROP_CAP = re.compile(
    r"(?:[a-z0-9]+-)*drop-?cap\S*|first-?letter|initial-?(?:cap|letter)|lettrine|wp-dropcap"
)
FLOAT_LEFT = re.compile(r"(?:^|[;\s])float\s*:\s*left", re.IGNORECASE)
# twice the size of text, or more
LARGE_FONT = re.compile(
    r"(?:font-size|line-height)\s*:\s*(?:[3-9]\d|[1-9]\d\d)(?:\.\d+)?p[xt]|font-size\s*:\s*(?:[2-9](?:\.\d+)?r?em|[2-9]\d\d%)",
    re.IGNORECASE,
)
# what a template sets above the text although it is the author's: standfirst, abstract
STANDFIRST = re.compile(
    rf"{PREFIXES}(?:dek|deck|standfirst|stand-first|subtitle|sub-title|subhead(?:line|ing)?|sub-hed|lede|lead|leadin|lead-in|intro|introduction|excerpt|summary|abstract|description|desc|teaser-text|lead-text|strapline|tagline-post|chapo|daoyu|dao-du|art-?lead|article-?dek|post-description|blog-post-description)"
)


def element_rule(tag: str, attributes: Mapping[str, str], names: Sequence[str]) -> str | None:
    """Return the rule by which an element and all in it is no text of the post; None to keep it.

    `names` are those of its attributes, see `element_names`.
    """
    if tag in FALLBACK_TAGS:
        return "fallback_element"
    if tag in CHROME_TAGS or attributes.get("role") in CHROME_ROLES:
        return "site_chrome_element"
    if tag == "form":
        return "form_element"
    return _class_rule(tag, attributes, names) if attributes and tag not in CLASS_EXEMPT_TAGS else None


def _class_rule(tag: str, attributes: Mapping[str, str], names: Sequence[str]) -> str | None:
    if "hidden" in attributes or HIDDEN_STYLE.search(attributes.get("style", "")):
        return "hidden_element"
    if tag in ANCHOR_ID_TAGS and "id" in attributes:
        names = element_names({key: value for key, value in attributes.items() if key != "id"})
    for name in names if ARTICLE_CLASSES.isdisjoint(names) else _without_kind_names(names):
        match = _CLASS_RULE_PATTERN.fullmatch(name)
        if not match or (match.lastgroup == "title_element" and tag != "h1"):
            continue
        if match.lastgroup in RULES_IGNORING_TOPIC_PREFIX or not TOPIC_PREFIX.match(name):
            return match.lastgroup
    return None


def _without_kind_names(names: Sequence[str]) -> list[str]:
    """Return the names of an article's element that do not say what kind of article it is."""
    kind_names = ARTICLE_STATUS_CLASSES.union(
        name.removeprefix("type-") for name in names if name.startswith("type-")
    )
    return [name for name in names if name not in kind_names and not ARTICLE_KIND.match(name)]


def is_standfirst(names: Sequence[str]) -> bool:
    return any(STANDFIRST.fullmatch(name) for name in names)


def has_drop_cap_name(names: Sequence[str]) -> bool:
    """Return whether a name is that of a first letter that is set large, after which white space parts no words."""
    return any(DROP_CAP.fullmatch(name) for name in names)


def has_drop_cap_style(attributes: Mapping[str, str]) -> bool:
    """Return whether a style sets an element as a drop cap."""
    style = attributes.get("style", "")
    return "float" in style and FLOAT_LEFT.search(style) is not None and LARGE_FONT.search(style) is not None


def element_names(attributes: Mapping[str, str]) -> list[str]:
    """Return class names and id of an element as the rules compare them."""
    source_names = " ".join(attributes.get(key, "") for key in NAME_ATTRIBUTES)
    names = DASHES.sub("-", source_names.lower()).split()
    if source_names != source_names.lower():
        # names in camel case are read both ways
        lowered_names = set(names)
        names += [
            name
            for name in DASHES.sub("-", CAMEL_BOUNDARY.sub("-", source_names).lower()).split()
            if name not in lowered_names
        ]
    return [name for name in names if len(name) <= MAX_NAME_CHARS]
