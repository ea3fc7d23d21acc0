import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posts.urls import canonicalize, domain_of, resolve_link

CANONICAL = {
    "as it is": ("https://lamp.example/a/b.html?id=7", "https://lamp.example/a/b.html?id=7"),
    "host in capitals": ("https://WWW.Lamp.Example/A", "https://www.lamp.example/A"),
    "scheme in capitals": ("HTTPS://lamp.example/a", "https://lamp.example/a"),
    "no path": ("https://lamp.example", "https://lamp.example/"),
    "no path but a query": ("https://lamp.example?p=3", "https://lamp.example/?p=3"),
    "default port": ("http://lamp.example:80/a", "http://lamp.example/a"),
    "other port": ("http://lamp.example:8080/a", "http://lamp.example:8080/a"),
    "port of the other scheme": ("https://lamp.example:80/a", "https://lamp.example:80/a"),
    "fragment": ("https://lamp.example/a#comments", "https://lamp.example/a"),
    "blanks around": ("  https://lamp.example/a\n", "https://lamp.example/a"),
    "blank within": ("https://lamp.example/a b", "https://lamp.example/a%20b"),
    "letters": ("https://lamp.example/塔", "https://lamp.example/%E5%A1%94"),
    "small escapes": ("https://lamp.example/%e5%a1%94", "https://lamp.example/%E5%A1%94"),
    "escaped twice": ("https://lamp.example/%25E5%25A1%2594", "https://lamp.example/%E5%A1%94"),
    "escapes that need none": ("https://lamp.example/%41%2Db", "https://lamp.example/A-b"),
    "escaped slash": ("https://lamp.example/a%2Fb", "https://lamp.example/a%2Fb"),
    "percent sign of its own": ("https://lamp.example/100%25", "https://lamp.example/100%25"),
    "GBK escapes": ("https://lamp.example/%CB%FE", "https://lamp.example/%CB%FE"),
    "utm": ("https://lamp.example/a?utm_source=x&utm_medium=rss", "https://lamp.example/a"),
    "utm in capitals": ("https://lamp.example/a?UTM_Source=x", "https://lamp.example/a"),
    "tracking among others": ("https://lamp.example/a?id=7&fbclid=x&p=2", "https://lamp.example/a?id=7&p=2"),
    "video": ("https://www.youtube.com/watch?v=Qx7&si=abc", "https://www.youtube.com/watch?v=Qx7"),
    "shared video": (
        "https://www.youtube.com/watch?v=Qx7&feature=youtu.be",
        "https://www.youtube.com/watch?v=Qx7",
    ),
    "source of a feed": ("https://lamp.example/a?source=rss----3-4", "https://lamp.example/a"),
    "source of something else": (
        "https://lamp.example/a?source=north",
        "https://lamp.example/a?source=north",
    ),
    "Medium": ("https://lamp.example/a?source=post_page-----5b1c----0", "https://lamp.example/a"),
    "letter": ("https://lamp.example/a?mc_cid=7&_hsenc=8&id=7", "https://lamp.example/a?id=7"),
    "clicks on ads": (
        "https://lamp.example/a?msclkid=1&twclid=2&ttclid=3&yclid=4&gbraid=5",
        "https://lamp.example/a",
    ),
    "Facebook": ("https://www.facebook.com/a/?__cft__[0]=AZ&__tn__=kK-R", "https://www.facebook.com/a/"),
    "Facebook, escaped": (
        "https://www.facebook.com/a/?__cft__%5B0%5D=AZ&__tn__=kK",
        "https://www.facebook.com/a/",
    ),
    "Bilibili": (
        "https://www.bilibili.com/video/BV1/?spm_id_from=333.1&vd_source=8f&p=2",
        "https://www.bilibili.com/video/BV1/?p=2",
    ),
    "WeChat names an article by four": (
        "https://mp.weixin.qq.com/s?__biz=MzU=&mid=22&idx=1&sn=b5&chksm=fc&scene=21&from=timeline&isappinstalled=0",
        "https://mp.weixin.qq.com/s?__biz=MzU=&mid=22&idx=1&sn=b5",
    ),
    "WeChat by signature": (
        "https://mp.weixin.qq.com/s?src=11&timestamp=165&ver=3763&signature=7B*9A&new=1",
        "https://mp.weixin.qq.com/s?src=11&timestamp=165&ver=3763&signature=7B*9A&new=1",
    ),
    "tweet": ("https://twitter.com/ida/status/1?s=20&t=gf", "https://twitter.com/ida/status/1"),
    "s and t elsewhere": ("https://lamp.example/?s=tower&t=7", "https://lamp.example/?s=tower&t=7"),
    "moment of a video": (
        "https://www.youtube.com/watch?v=Qx7&list=PL1&t=90&pp=ygUEbGFtcA&ab_channel=Ida",
        "https://www.youtube.com/watch?v=Qx7&list=PL1&t=90",
    ),
    "what may choose content": (
        "https://lamp.example/a?ref=main&from=2020&source=x&id=1&lang=zh&share=2&scene=3",
        "https://lamp.example/a?ref=main&from=2020&source=x&id=1&lang=zh&share=2&scene=3",
    ),
    "a redirector is a page of its own": (
        "https://www.google.com/url?q=https://lamp.example/a",
        "https://www.google.com/url?q=https://lamp.example/a",
    ),
    "names that begin like tracking": ("https://lamp.example/a?site=7", "https://lamp.example/a?site=7"),
    "order of the query": ("https://lamp.example/a?z=1&a=2", "https://lamp.example/a?z=1&a=2"),
    "letters in the query": ("https://lamp.example/a?q=塔", "https://lamp.example/a?q=%E5%A1%94"),
    "blank in a tracked query": ("https://lamp.example/a?q=x%20y&si=1", "https://lamp.example/a?q=x%20y"),
    "flag in a tracked query": ("https://lamp.example/a?print&si=1", "https://lamp.example/a?print"),
    "IPv6": ("http://[::1]:80/a", "http://[::1]/a"),
    "no scheme": ("lamp.example/a", None),
    "path only": ("/2024/a/", None),
    "no host": ("https:///a", None),
    "mail": ("mailto:ida@lamp.example", None),
    "file": ("file:///etc/passwd", None),
    "script": ("javascript:alert(1)", None),
    "broken host": ("http://[::1/a", None),
    "empty": ("", None),
}


@pytest.mark.parametrize(("url", "expected"), CANONICAL.values(), ids=CANONICAL)
def test_a_page_has_one_spelling(url, expected):
    assert canonicalize(url) == expected


BASE = "https://lamp.example/2024/a.html?p=1"
ABSOLUTE = {
    "sibling": (BASE, "b.html", "https://lamp.example/2024/b.html"),
    "from the root": (BASE, "/c", "https://lamp.example/c"),
    "parent": (BASE, "../d", "https://lamp.example/d"),
    "query only": (BASE, "?p=2", "https://lamp.example/2024/a.html?p=2"),
    "other host": (BASE, "//sea.example/e", "https://sea.example/e"),
    "far": (BASE, "http://Sea.example/f?utm_source=x", "http://sea.example/f"),
    "far, without base": (None, "https://sea.example/f", "https://sea.example/f"),
    "far in capitals, without base": (None, "HTTPS://sea.example/f", "https://sea.example/f"),
    "near, without base": (None, "b.html", None),
    "blanks around": (BASE, " b.html\n", "https://lamp.example/2024/b.html"),
    "place on the page": (BASE, "#top", None),
    "mail": (BASE, "mailto:ida@lamp.example", None),
    "telephone": (BASE, "tel:+123", None),
    "script in capitals": (BASE, "JavaScript:void(0)", None),
    "inlined picture": (BASE, "data:image/png;base64,AAAA", None),
    "as it is spoken": (BASE, "www.sea.example/g", "http://www.sea.example/g"),
    "empty": (BASE, " ", None),
    "other schemes": (BASE, "sms:+123", None),
    "host before a whole address": (BASE, "https://lamp.examplehttps://sea.example/e", "https://sea.example/e"),
    "scheme before a whole address": (BASE, "http://https://sea.example/e", "https://sea.example/e"),
    "address in a path": (BASE, "https://sea.example/save/https://lamp.example/", "https://sea.example/save/https://lamp.example/"),
    "address in a query": (BASE, "https://sea.example?u=http://lamp.example/", "https://sea.example/?u=http://lamp.example/"),
    "broken": (BASE, "http://[oh", None),
    "broken, relative": (BASE, "//[oh", None),
}  # fmt: skip


@pytest.mark.parametrize(("base", "url", "expected"), ABSOLUTE.values(), ids=ABSOLUTE)
def test_a_link_leads_from_its_page(base, url, expected):
    assert resolve_link(base, url) == expected


REDIRECTS = {
    "Google": "https://www.google.com/url?q=https://sea.example/%3Fid%3D7&sa=D&ust=16&usg=AF",
    "Google Alerts": "https://www.google.com/url?rct=j&sa=t&url=https://sea.example/?id%3D7&ct=ga",
    "Facebook": "https://l.facebook.com/l.php?u=https%3A%2F%2Fsea.example%2F%3Fid%3D7%26fbclid%3DIw&h=AT",
    "Instagram": "https://l.instagram.com/?u=https%3A%2F%2Fsea.example%2F%3Fid%3D7&e=AT",
    "YouTube": "https://www.youtube.com/redirect?event=video_description&q=https%3A%2F%2Fsea.example%2F%3Fid%3D7",
    "Zhihu": "https://link.zhihu.com/?target=https%3A//sea.example/%3Fid%3D7",
    "Zhihu without a path": "https://link.zhihu.com?target=https%3A//sea.example/%3Fid%3D7",
    "Tumblr": "https://t.umblr.com/redirect?z=https%3A%2F%2Fsea.example%2F%3Fid%3D7&t=ZmY",
    "Steam": "https://steamcommunity.com/linkfilter/?url=https://sea.example/?id=7",
    "VK": "https://vk.com/away.php?to=https%3A%2F%2Fsea.example%2F%3Fid%3D7",
    "Weibo": "http://weibo.cn/sinaurl?f=w&u=https%3A%2F%2Fsea.example%2F%3Fid%3D7",
    "the whole query": "https://href.li/?https://sea.example/?id=7",
    "Outlook": "https://nam11.safelinks.protection.outlook.com/?url=https%3A%2F%2Fsea.example%2F%3Fid%3D7&data=04",
    "one after another": "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.google.com%2Furl%3Fq%3Dhttps%253A%252F%252Fsea.example%252F%253Fid%253D7",
}
NO_REDIRECTS = {
    "archive": "https://web.archive.org/web/2020/https://sea.example/",
    "translation": "https://translate.google.com/translate?u=https://sea.example/",
    "page about a page": "https://lamp.example/review?url=https://sea.example/",
    "no address": "https://www.google.com/url?q=ftp://sea.example/http",
}


@pytest.mark.parametrize("link", REDIRECTS.values(), ids=REDIRECTS)
def test_a_page_that_only_leads_on_is_passed(link):
    assert resolve_link(BASE, link) == "https://sea.example/?id=7"


@pytest.mark.parametrize("link", NO_REDIRECTS.values(), ids=NO_REDIRECTS)
def test_a_page_that_has_something_to_say_stays(link):
    assert resolve_link(BASE, link) == link


def test_a_redirector_to_itself_ends():
    chain = "https://href.li/?" * 50 + "https://sea.example/"
    assert resolve_link(None, chain) == "https://href.li/?" * 45 + "https://sea.example/"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.lamp.example/a", "lamp.example"),
        ("https://lamp.example:8080/", "lamp.example"),
        ("https://ida:pw@lamp.example/", "lamp.example"),
        ("http://[::1]:8080/a", "[::1]:8080"),
    ],
)
def test_a_domain_is_the_host_without_www(url, expected):
    assert domain_of(url) == expected


PIECES = [
    "a",
    "%25",
    "%2525",
    "E5",
    "A1",
    "%e5%a1%94",
    "塔",
    " ",
    "%",
    "%zz",
    "+",
    "/",
    "..",
    "=",
    "&",
    "?",
    "#",
]
PIECES += ["utm_source=x", "si", "q=1", "source=rss", ";", "\x85", "\xa0", ":", "@", "[", "]", "\\"]
URLS = st.tuples(
    st.sampled_from(["http://", "https://", "HTTPS://", "//", ""]),
    st.sampled_from(
        ["lamp.example", "LAMP.example:443", "lamp.example:80", "ida@lamp.example", "塔.example", ""]
    ),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
).map("".join)


@given(URLS | st.text())
@example("https://lamp.example/%252525E5%252525A1%25252594")
@example("https://lamp.example/%2525E5%2525A1%252594")
def test_a_canonical_url_is_its_own_canonical_url(url):
    once = canonicalize(url)
    assert once is None or canonicalize(once) == once


PAIRS = st.lists(
    st.sampled_from(["id=7", "print", "q=x%20y", "q=x+y", "q=塔", "t=", "v=a,b", "u=a/b"]), max_size=3
)


@given(
    PAIRS,
    st.sampled_from(
        [
            "utm_source=x",
            "fbclid=y",
            "gclid=z",
            "si=z",
            "spm=1.2",
            "source=rss-1",
            "_hsenc=a",
            "from=timeline",
        ]
    ),
    st.data(),
)
def test_tracking_does_not_part_twins(pairs, tracking, data):
    position = data.draw(st.integers(0, len(pairs)))
    plain = "https://lamp.example/a?" + "&".join(pairs)
    tracked = "https://lamp.example/a?" + "&".join([*pairs[:position], tracking, *pairs[position:]])
    assert canonicalize(tracked) == canonicalize(plain)


@given(st.none() | st.just(BASE), URLS | st.text())
def test_any_link_is_a_canonical_url_or_none(base, url):
    resolved = resolve_link(base, url)
    assert resolved is None or resolved == canonicalize(resolved)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://a.example/x\x1b[31m", "http://a.example/x%1B[31m"),
        ("http://a.example/a\tb\nc", "http://a.example/abc"),
        ("http://a.example/\u202egpj.exe", "http://a.example/%E2%80%AEgpj.exe"),
        ("http://a.example/?q=\x9b\x7f", "http://a.example/?q=%C2%9B%7F"),
        ("http://a\x1b.example/", None),
        ("http://a\u202e.example/", None),
        ("http://a\xad.example/", "http://a.example/"),
        (f"http://a.example/%{'25' * 100_000}41", "http://a.example/A"),
    ],
    ids=["escape", "tab", "bidi", "query", "host", "bidi-host", "soft-hyphen", "encoded-often"],
)
def test_no_control_character_stays_in_an_address(url, expected):
    assert canonicalize(url) == expected
