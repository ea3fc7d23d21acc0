"""URLs of images that are not pictures of a post: ads, share icons, emoji, tracking pixels."""

import re
from functools import lru_cache

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".webp")
# Hosts that serve no picture of any post, including their subdomains.
BLOCKED_IMAGE_HOSTS = {
    "doubleclick.net": "ads", "googlesyndication.com": "ads", "googleadservices.com": "ads", "amazon-adsystem.com": "ads",
    "assoc-amazon.com": "ads", "adnxs.com": "ads", "criteo.com": "ads", "criteo.net": "ads", "taboola.com": "ads",
    "outbrain.com": "ads", "awin1.com": "ads", "linksynergy.com": "ads", "tradedoubler.com": "ads", "tanx.com": "ads",
    "pos.baidu.com": "ads", "cpro.baidu.com": "ads", "feedads.g.doubleclick.net": "ads in feeds", "feedsportal.com": "ads in feeds",
    "pheedo.com": "ads in feeds", "google-analytics.com": "counts readers", "googletagmanager.com": "counts readers",
    "scorecardresearch.com": "counts readers", "quantserve.com": "counts readers", "statcounter.com": "counts readers",
    "sitemeter.com": "counts readers", "histats.com": "counts readers", "hm.baidu.com": "counts readers", "cnzz.com": "counts readers",
    "51.la": "counts readers", "mmstat.com": "counts readers", "mc.yandex.ru": "counts readers", "counter.yadro.ru": "counts readers",
    "top.mail.ru": "counts readers", "pixel.wp.com": "counts readers", "stats.wordpress.com": "counts readers", "bat.bing.com": "counts readers",
    "px.ads.linkedin.com": "counts readers", "analytics.twitter.com": "counts readers", "syndication.twitter.com": "counts readers",
    "track.hubspot.com": "counts readers", "feeds.wordpress.com": "icons under each post of a feed", "addtoany.com": "share buttons",
    "addthis.com": "share buttons", "sharethis.com": "share buttons", "s.w.org": "emoji of WordPress", "twemoji.maxcdn.com": "emoji",
    "gravatar.com": "portraits of those who write and comment",
}  # fmt: skip
# first labels of hosts that track readers
TRACKING_HOST_LABELS = frozenset(
    {"pixel", "pixels", "counter", "analytics", "tracking", "tracker", "beacon", "telemetry"}
)
# Whole names of folders in the path.
BLOCKED_IMAGE_FOLDERS = {
    **dict.fromkeys("ads adserv adserve adserver adimg advert adverts advertisement advertisements".split(), "ads"),
    **dict.fromkeys("~r ~ff ~4 ~a ~at".split(), "FeedBurner: counting, buttons and ads under each post of a feed"),
    **dict.fromkeys("smilies smileys smiley emoticon emoticons twemoji emojione".split(), "emoji: the alt is the text"),
    **dict.fromkeys("avatar avatars profile profile_images user_picture userpic userpics".split(), "portraits of those who write"),
    **dict.fromkeys([f"{of}{by}{what}" for of in ("share", "social", "sns") for by in ("", "-", "_") for what in ("icon", "icons", "button", "buttons", "btn", "btns")], "share icons"),
}  # fmt: skip
# what icons beside a picture or a link stand for
ICON_NAMES = "zoom(?:in)?|enlarge|expand|magnif(?:y|ier)|full-?screen|play(?:er)?|video|audio|camera|gallery|download|external(?:-?link)?|close|menu|search|arrow(?:s|-?\\w+)?|home|comments?|clock|calendar|user|tags?|link"
SITE_NAMES = "facebook|fb|twitter|weibo|sina|wechat|weixin|qzone|qq|line|telegram|whatsapp|instagram|youtube|linkedin|pinterest|reddit|e?mail|print|rss"
# Patterns of what follows a slash in the URL. They do not apply to photographs (.jpg, .jpeg, .webp).
BLOCKED_IMAGE_FILES = {
    r"_/stat\?": "Medium counts readers",
    r"[bgp]\.gif\?": "WordPress and others count readers",
    r"(?:__utm|__ptq|utm|pixel|track|tracker|tracking|beacon|impression|count|counter|open|stat|stats)\.(?:gif|png|php|aspx?|ashx)\b": "counts readers",
    r"(?:track|wf|e|o)/(?:open|o)\b": "mailing lists count who opens a letter",
    r"tr\?(?:id|ev)=": "Facebook counts readers",
    r"i/(?:jot|adsct)\b": "Twitter counts readers",
    r"emoji(?:/(?:\d+x\d+|v\d|unicode|svg|img)|\.php)": "emoji: the alt is the text",
    rf"(?:icons?|ico|btn|button|share|social|sns)[-_](?:{SITE_NAMES})(?:[-_@.][\w@.-]*)?\.(?:png|svg|gif)": "share icons",
    rf"(?:{SITE_NAMES})[-_](?:icons?|share|btn|button)(?:[-_@.][\w@.-]*)?\.(?:png|svg|gif)": "share icons",
    rf"(?:icons?|ico)[-_](?:{ICON_NAMES})(?:[-_@.][\w@.-]*)?\.(?:png|svg|gif)": "icons of the page",
    rf"(?:{ICON_NAMES})[-_](?:icons?|ico)(?:[-_@.][\w@.-]*)?\.(?:png|svg|gif)": "icons of the page",
    r"(?:_?\d+_)?(?:(?:presentational_)?(?:gr[ae]y|black|dotted)[-_]?line\d*|line(?:464|640|976)|divider|separator)(?:-nc)?(?:\.\d+)?\.(?:png|svg|gif)": "lines between parts of a post",
}  # fmt: skip
# Patterns of whole URLs, also of photographs.
BLOCKED_IMAGE_URLS = {
    r"(?:https?:)?//(?:(?:www\.|m\.)?youtube(?:-nocookie)?\.com/(?:watch|embed|shorts|live|playlist)\b|youtu\.be/|(?:www\.|player\.)?vimeo\.com/(?:video/)?\d"
    r"|(?:www\.|m\.|player\.)?bilibili\.com/(?:video|bangumi|player)\b|b23\.tv/|v\.qq\.com/|v\.youku\.com/|(?:www\.)?dailymotion\.com/(?:video|embed)/"
    r"|(?:www\.|m\.)?facebook\.com/(?:watch|plugins|[^/?#]+/videos)\b)": "the page of a video",
    r"[^?#]*\.(?:mp4|m4v|webm|mov|m3u8|mp3|m4a)(?:[?#]|\Z)": "a video or a recording",
    r"[^?#]*/(?:meta[-_]og[-_]\w+/|(?:default|site|fallback)[-_](?:og|social|share|twitter|facebook)\b[^/?#]*(?:[?#]|\Z)"
    r"|(?:og|social|share|twitter|fb|facebook)[-_](?:(?:image|card|share)[-_])?(?:default|logo|site|fallback)\b)": "the card that social networks show for every page of the site",
}  # fmt: skip
BLOCKED_IMAGE_URL = re.compile("|".join(BLOCKED_IMAGE_URLS))
BLOCKED_IMAGE_PATH = re.compile(f"/(?:{'|'.join(BLOCKED_IMAGE_FILES)})")
BLOCKED_IMAGE_CLASSES = frozenset(
    """
    emoji wp-smiley emojione twemoji smiley emoticon joypixels
    avatar avatar-image gravatar
    ad ads advert advertisement adsbygoogle share-icon social-icon tracking-pixel pixel spacer
    """.split()
)


def is_blocked_image(address: str) -> bool:
    """Return whether an image is not a picture of the post, by the host, a folder or the file in its URL."""
    address = address.lower()
    before_query = address.partition("?")[0]
    parts = before_query.split("/")
    if "//" in before_query[:8] and _is_blocked_host(parts[2]):
        return True
    if BLOCKED_IMAGE_URL.match(address):
        return True
    return not BLOCKED_IMAGE_FOLDERS.keys().isdisjoint(parts[:-1]) or (
        not parts[-1].endswith(PHOTO_SUFFIXES) and bool(BLOCKED_IMAGE_PATH.search(f"/{address}"))
    )


@lru_cache(maxsize=4096)
def _is_blocked_host(host: str) -> bool:
    labels = host.split(".")
    return labels[0] in TRACKING_HOST_LABELS or any(
        ".".join(labels[start:]) in BLOCKED_IMAGE_HOSTS for start in range(len(labels))
    )
