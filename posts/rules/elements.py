"""Rules about elements, by tag, role and class names. A new rule is a row of CLASS_RULES or TAG_RULES."""

from posts.rules.rule import Rule, Scope

TAG_RULES = (
    Rule(
        "fallback_element",
        "controls, and stand-ins for what cannot be played",
        Scope.ELEMENT,
        tags=frozenset(
            "noscript iframe video audio button select textarea input option progress meter dialog".split()
        ),
    ),
    # parts of a page, by role: https://www.w3.org/TR/wai-aria-1.2/#landmark_roles
    Rule(
        "site_chrome_element",
        "header, footer or navigation of the site",
        Scope.ELEMENT,
        tags=frozenset({"header", "footer", "nav"}),
        roles=frozenset(
            "dialog alertdialog navigation banner contentinfo search menu menubar toolbar tablist tooltip".split()
        ),
    ),
    Rule("form_element", "a form to fill in", Scope.ELEMENT, tags=frozenset({"form"})),
    Rule(
        "unknown_shortcode",
        "a shortcode whose meaning is not known",
        Scope.ELEMENT,
        tags=frozenset({"postlake-shortcode"}),
    ),
)


def _class_rule(name: str, reason: str, names: str) -> Rule:
    """Return a rule that drops elements with a class name or id that fully matches the pattern `names`.

    Names are compared in lower case, with a hyphen for each run of `-` and `_` (see `element_names`). A
    prefix that only describes the position of the element is ignored (`post-`, `entry-`, `article__`, `c-`,
    `js-` ...). Parts of names never match: `tag-politics` and `share-price` are topics of the page.
    """
    return Rule(name, reason, Scope.ELEMENT, pattern=rf"{PREFIXES}(?:{names})")


# suffixes of the elements around a request; others are subjects: `subscribe-history`
SUFFIXES = (
    r"(?:-?(?:box|form|widget|wrap|wrapper|cta|buttons?|btn|banner|prompt|container|inline|bar|block|section|module|callout|modal|popup"
    r"|overlay|signup|area|card|link|links|unit|embed|promo|message|msg|notice|panel|footer|header|tips?|title|text|desc|us|me|now|row|content|editor))*"
)
PREFIXES = (
    r"(?:(?:js|c|o|m|u|l|is|wp|wp-block|jp|et|td|elementor|theme|site|blog|block|post|posts|entry|article|single|page"
    r"|content|story|news|node|item|rich-media|body|main|section|widget|component|module|box|the|p|g|ui|app|mod|rich|note|review|detail|details|index)-)*"
)
CLASS_RULES: tuple[Rule, ...] = (
    _class_rule(
        "hidden_element",
        "readers do not see it",
        r"sr-only(?:-focusable)?|screen-reader(?:-text|-only)?|visually-?hidden(?:-focusable)?|element-invisible"
        r"|d-none|hidden|is-hidden|hide|visually-hidden-text|off-?screen(?:-text)?|a11y-(?:hidden|text)|hidden-text|vhidden|visuallyhidden|print-(?:only|link)|noprint|no-print|only-print|skip-link|skip-to-content|assistive-text",
    ),
    _class_rule(
        "title_element",
        "the title is a column of its own",
        r"title|headline|hed|post-?title|entry-?title|article-?title|lede-hed|p-name",
    ),
    _class_rule(
        "byline_element",
        "author, date and length are metadata",
        r"meta|metas|meta-?(?:data|info|wrapper|top|bottom|box|line|item|list)|info-?bar|byline|by-?line|bylines|submitted(?:-by)?|posted-(?:on|by|in)"
        r"|publish(?:ed)?-?(?:date|time|info|on)?|pub-?(?:date|time)|date|date-source|source-date|top-bar\S*|datetime|time-?stamp|entry-?date|dateline|author|authors|author-?(?:name|link|meta|line|info-line)|vcard"
        r"|reading-?time|read-?time|word-?count|views?-?count|post-?views|entry-utility|cat-links|categories|category|category-?(?:list|links)|kicker|eyebrow|rubric|read-later|art-?info|article-?info|post-?info|from-author|content-source-?info|article-?source|idetor|editor-?info|voters|content-item-time|ip-?location|pub-?info|copyright-?info-?author",
    ),
    _class_rule(
        "author_box",
        "about the author of the site's posts, set by the template",
        r"author-?(?:box|bio|card|profile|block|area|section|details|description|about|avatar|wrap(?:per)?)|about-?(?:the-)?author|bio-?box|saboxplugin-\S+|profile-?(?:card|box)|contributors?-?(?:bio|box)",
    ),
    _class_rule(
        "share_element",
        "sharing, liking and counting",
        r"shar(?:e|es|ing)|share-?(?:this|buttons?|links?|bar|box|tools?|icons?|list|widget|wrapper|container|area|count)|sharing-(?:area|bar|block|box|buttons?|container|enabled|hidden|icons?|links?|list|row|text|tools?|widget|wrapper)|sharedaddy|sd-(?:sharing|block|social|like)\S*|jp-post-flair|jpost-?flair"
        r"|social|socials|social-?(?:share|sharing|links?|icons?|media|buttons?|bar|list|follow|box|nav|menu)|addtoany\S*|a2a_\S+|addthis\S*|bdsharebuttonbox|bdshare|like-?(?:box|button|bar)|likes|clap|claps|reactions?|rating|star-rating|post-?(?:actions|like|likes|tools)|actions|action-?bar|fb-like|twitter-share-button|toolbar|tools|tool|tool-?(?:icons?|bar|box|kit)|page-tools|rich-?content-actions|content-item-actions|action-react|operation-?bar|post-ufi|like-wrap|interaction-?bar|(?:[a-z0-9]+-)+(?:sharing|sharebar|share-?buttons?|toobar\d*)",
    ),
    _class_rule(
        "related_element",
        "a list of other pieces",
        r"related|related-?(?:posts?|articles?|content|stories|links?|news|reads?|topics|box|list|items?|entries|wrapper)|jp-relatedposts|yarpp\S*|more-?(?:stories|posts|articles|news|from|links?|reading|in)|read-?(?:more|next|also)|further-?reading|recommend(?:s|ed|ations?)?|recommended-\S+|(?:[a-z0-9]+-)+recommendations?|recirc\S*|also-?(?:read|like)|you-may-\S+"
        r"|siblings?|siblings-list\S*|sidebar|side-?bar|post-?sidebar|popular|popular-posts|trending|most-(?:read|popular|viewed)|latest-?(?:posts|news)?|previous|next|prev|prev-next|nextprev|(?:post-?)?(?:next|prev(?:ious)?)(?:-post|-link|-article)?|series|series-?(?:list|nav|box|links|posts|meta)|collection|collection-list|type-collection|teaser|teasers|streamitem|promo-?(?:link|box|card|list)?|card-footer|elevate-container|embed-?(?:link|card)|link-?card|bookmark-card|kg-bookmark-card|mixtapeembed|wp-embedded-content|wp-block-embed__wrapper-post|embedded-post(?:-\S+)?|digest-?post-?embed|more-?article|interstitial(?:-\S+)?|m-interstitial\S*|recommendations-heading|yuzo\S*|crp-related\S*|wp-?rp-\S+|media-block-wrap|hot-?(?:news|list|articles?)|read-?rank|xg-?read|article-?list|relate(?:-\S+)?|link-?card(?:-\S+)?|topic-link",
    ),
    _class_rule(
        "navigation_element",
        "ways to elsewhere",
        r"breadcrumbs?|breadcrumb-?(?:nav|list|trail)|crumbs?|nav|navbar|nav(?:igation|-links?|-menu|-previous|-next|-below|-single|igation-links)|pagination|pager|paginator|page-?(?:links|nav|numbers)|menu|menus|main-menu|toc|table-of-contents|toc-?(?:container|wrapper|list|box|content|title)|ez-toc(?!-section)\S*|lwptoc\S*|js-toc|markdown-toc|back-to-top|backtotop|go-top|navigation__\S+|logo|site-logo|brand|masthead|site-header|site-footer|header-?(?:bar|nav|top)",
    ),
    _class_rule(
        "tags_element",
        "tags are a column of their own",
        r"tags?|tag-?(?:s|links?|list|cloud|box|items?|wrapper|container)|tagcloud|tags-?box|mod-tags|keywords?|topics|hashtags?|labels",
    ),
    _class_rule(
        "promotion_element",
        "asks to subscribe, pay, follow or donate",
        rf"(?:newsletter|subscribe|subscription|sign-?up|email-?(?:signup|capture)|donate|donation|donor|support|membership|member|paywall|regwall|reward|follow|sponsor|appeal){SUFFIXES}|mailchimp\S*|mc-embed-signup|(?!(?:has|no|non|with|without|pre|before)-)(?:[a-z0-9]+-)*(?:[a-z0-9]*paywall|barrier(?:-?(?:page|box|wrap|wrapper|content|overlay|message|fail-?safe)\S*)?)|cta|call-to-action|promo(?:tion)?|promo-?(?:banner|block)|app-?(?:download|banner|promo)|download-?app|reward-?qrcode|qr-?code|qrcode-\S+|append-?qr\S*|(?!(?:has|no|non|with|without|pre|before)-)(?:[a-z0-9]+-)+(?:qr|qrcode|promos?|newsletter|paywall|subscribe|signup|donation|donate)|wechat-?(?:qr\S*|code|follow)|tip-?jar|buy-?me\S*|patreon\S*|kofi\S*|preview-?(?:wall|notice)|custom-select-card|mp-profile-iframe\S*|(?:[a-z0-9]+-)*self-promo\S*|promoted-(?:content|posts?|articles?|links?|stories)|promote-(?:box|banner|block)|before-ir|app-?e\d+|subscription-widget\S*|charge-?wall\S*|support-us|rewards?{SUFFIXES}|rewards?-\S+|admire(?:-\S+)?|dashang\S*|zanshang\S*",
    ),
    _class_rule(
        "advertisement",
        "paid for",
        r"ads?|advert(?:s|isement|isements|ising)?|ad-?(?:box|slot|unit|container|wrapper|block|banner|label|space|zone|inner|placeholder)|ads-?(?:box|slot|wrapper|container)|adsbygoogle|google-?ads?\S*|gpt-ad\S*|dfp-\S+|sponsored|sponsored-\S+|sponsor-?(?:content|message)|commercial|taboola\S*|outbrain\S*|ob-widget|(?:[a-z0-9]+-)+(?:adverts?|ads)|criteo\S*|native-ad",
    ),
    _class_rule(
        "footer_element",
        "rights and notices of the site",
        r"footer|foot-?note-site|entry-footer|copyright|copy-?right-?(?:notice|info|box|text|area)?|license|licence|cc-license|post-?copyright\S*|legal|disclaimer|terms|colophon|cookie-?(?:bar|banner|box|consent|law|message|modal|notice|overlay|policy|popup|settings|wall|warning)\S*|gdpr\S*|consent-\S+|report-?(?:error|issue)|copyright-claim|shengming|bottom-article\S*|disclaimer-?\S+|tptn-counter|edit-?(?:this-page|page|link|post)|errata-link|credits?-?(?:line|box)?",
    ),
    _class_rule(
        "credit_element",
        "who made the picture",
        r"(?:photo|image|picture|media|img|figure|caption|video|illustration|cap|thumbnail)-?(?:credits?|cred|copyright|source|byline|by|attribution|rights)|wp-media-credit|media-credit|field-name-field-(?:image|photo|media)-(?:source|credit|copyright)|credit|credits?|figure-?source|copyright-holder|attribution",
    ),
    _class_rule(
        "comments_element",
        "what readers wrote below",
        r"comments|comments-?(?:area|list|section|wrapper|title|link|count|form|container|block|template)|comment-?(?:list|form|respond|reply|section|area|wrapper|thread|count|s-link)|respond|disqus\S*|disqus_thread|fb-comments|gitalk\S*|giscus|utterances|valine\S*|livere\S*|commento|leave-comment|replies|reply|discuss-(?:container|list|title)|comments?-?wrap(?:per)?",
    ),
    _class_rule(
        "glossary_popup",
        "explains a word of the sentence that it interrupts",
        r"dictionary|dictionary-?(?:item|entry|popup|box|word|term|tooltip|content)|glossary(?:-?(?:item|entry|popup|box|word|term|tooltip|content))?|tool-?tip|pop-?over",
    ),
    _class_rule(
        "line_numbers",
        "the gutter of a listing is no code",
        r"(?:code|lang|language|highlight|copy)-?(?:header|lang|language|label|title|btn|button|copy|name)|lang-label|copy-?(?:code|to-clipboard\S*)|clipboard\S*|(?:rouge-)?gutter(?:-lines)?|line-?(?:nos?|numbers?)(?:-rows)?|lineno|linenos|linenodiv|linenumbers|lnt|blob-num|hljs-ln-numbers|crayon-nums?\S*",
    ),
    _class_rule(
        "chart_labels",
        "numbers along the axes of a drawing (ai2html, Highcharts, Datawrapper, D3)",
        r"g-aipointtext|g-pstyle\d*|highcharts-(?:container|root|axis\S*|legend\S*|data-labels\S*|tooltip|credits)|dj-chart-inner|datawrapper-\S+|axis|tick|ticks|legend|chart-?(?:legend|axis|label|labels|credit|source|footer)|g-source|graphic-?(?:source|credit)",
    ),
    _class_rule(
        "player_controls",
        "buttons and times of a player",
        r"(?:mejs|plyr|vjs|jp|audio|video|player|podcast|powerpress)-?(?:controls?|time|duration|current|progress(?:-bar)?|links|buttons?|speed|play(?:-button)?|fallback|error)\S*|progress-?bar|player-controls|duration|current-time|no-cover",
    ),
)
ELEMENT_RULES = (*TAG_RULES, *CLASS_RULES)
