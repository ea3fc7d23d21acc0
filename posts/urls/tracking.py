"""Find tracking parameters of URLs: they record how a reader came to a page, and do not identify the page."""

import re

# Parameters that track on any site; regexes of whole names. Names that a site may use to select content (ref,
# from, source, s, t, id, share, via, lang) are not here: see the two tables below.
# Compare https://github.com/ClearURLs/Rules, https://github.com/Smile4ever/Neat-URL
TRACKING_NAMES = (
    r"utm_\w+", "[a-z]tm_(?:source|medium|campaign|content|term)",  # Urchin, and imitations
    "fbclid", "gclid", "dclid", "gclsrc", "wbraid", "gbraid", "gad_source", "gad_campaignid", "srsltid",  # click ids of advertisements
    "msclkid", "yclid", "ysclid", "twclid", "ttclid", "li_fat_id", "rb_clickid", "irclickid", "epik",
    "igshid", "igsh", "mibextid", "rdid", "__tn__", r"__(?:cft|xts)__(?:\[\d+\])?", "__eep__", "_rdr",  # Meta
    "fb_action_ids", "fb_action_types", "fb_source", "fb_ref", "action_(?:object|type|ref)_map",
    "mc_[cet]id", "mc_tc", "_hsenc", "_hsmi", "__hs(?:tc|sc|fp)", "hsctatracking", "mkt_tok", "vero_(?:id|conv)",  # emails and newsletters
    "oly_(?:anon|enc)_id", "ml_subscriber(?:_hash)?", "ck_subscriber_id", "_bta_[tc]id", "wickedid", "__s",
    "_ga", "_gl", "_openstat", "s_cid", "wt_z?mc", "wtrid", "xtor", "cmpid", "echobox", "ref_src", "ref_url",  # web analytics
    "__twitter_impression", "ab_channel", "si", "guccounter", "guce_referrer(?:_sig)?",  # names of single sites
    "spm", "spm_id_from", "scm", "vd_source", "from_spmid", "share_token", "share_source", "share_medium", "share_plat",
    "share_session_id", "share_tag", "share_from", "from_source", "isappinstalled",  # Alibaba, Bilibili, WeChat
)  # fmt: skip
TRACKING_NAME = re.compile(rf"(?:{'|'.join(TRACKING_NAMES)})\Z", re.IGNORECASE)
# parameters that track by their value
TRACKING_VALUE_PATTERNS = {
    # feeds that mark their links; Medium: source=post_page-----5b1c----0
    "source": re.compile(r"(?:rss|feed)\b|[a-z_]*-{4}", re.IGNORECASE),
    # YouTube's share buttons and its list of results
    "feature": re.compile(r"share|youtu\.be|emb_|player_embedded|related"),
    "pp": re.compile(r"ygU"),
    # the part of WeChat in which a page was opened
    "from": re.compile(r"(?:singlemessage|timeline|groupmessage)\Z"),
}
# names that track on one host only
TRACKING_NAMES_BY_HOST = {
    # Twitter's share button: which app, and who shared
    **dict.fromkeys(("twitter.com", "mobile.twitter.com", "x.com"), frozenset("st")),
    # __biz, mid, idx and sn identify an article; chksm is the same for all readers, but not in every link
    "mp.weixin.qq.com": frozenset(
        """
        chksm scene ascene subscene mpshare srcid sharer_sharetime sharer_shareid sharer_shareinfo
        sharer_shareinfo_first exportkey pass_ticket wx_header devicetype version nettype abtest_cookie lang
        clicktime enterid sessionid session_us key uin token xtrack countrycode fontgear finder_biz_enter_id
        realreporttime poc_token fontscale exptype
        """.split()
    ),
    "www.facebook.com": frozenset({"paipv", "eav", "share_url", "fref", "hc_ref", "notif_id", "notif_t"}),
    "www.google.com": frozenset(
        "ved ei sxsrf gs_lcp gs_lp gs_l sclient biw bih oq uact rlz usg ust sa aqs dpr".split()
    ),
    "baijiahao.baidu.com": frozenset({"wfr", "for"}),
    "docs.google.com": frozenset({"usp"}),
    "drive.google.com": frozenset({"usp"}),
    "open.spotify.com": frozenset({"nd", "dl_branch"}),
    "www.nytimes.com": frozenset({"smid", "smtyp"}),
    "www.bloomberg.com": frozenset({"sref"}),
    "www.forbes.com": frozenset({"sh"}),
}
# a fast check: most queries contain none of them
POSSIBLE_TRACKING = re.compile(
    rf"&(?:{'|'.join(TRACKING_NAMES)}|(?:{'|'.join(TRACKING_VALUE_PATTERNS)})=)", re.IGNORECASE
)


def may_have_tracking(query: str, host: str) -> bool:
    """Return whether a query may contain a tracking parameter. This is a fast check before `is_tracking`."""
    return bool(POSSIBLE_TRACKING.search(f"&{query}")) or host in TRACKING_NAMES_BY_HOST


def is_tracking(key: str, value: str, host: str) -> bool:
    """Return whether a parameter tracks: by its name, by its name on this host, or by its value."""
    value_pattern = TRACKING_VALUE_PATTERNS.get(key)
    return (
        bool(TRACKING_NAME.match(key))
        or key in TRACKING_NAMES_BY_HOST.get(host, ())
        or bool(value_pattern and value_pattern.match(value))
    )
