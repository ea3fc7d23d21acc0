import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from posts.urls import absolute, canonical, domain

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
    assert canonical(url) == expected


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
    "broken": (BASE, "http://[oh", None),
    "broken, relative": (BASE, "//[oh", None),
}


@pytest.mark.parametrize(("base", "url", "expected"), ABSOLUTE.values(), ids=ABSOLUTE)
def test_a_link_leads_from_its_page(base, url, expected):
    assert absolute(base, url) == expected


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
    assert domain(url) == expected


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
    once = canonical(url)
    assert once is None or canonical(once) == once


PAIRS = st.lists(
    st.sampled_from(["id=7", "print", "q=x%20y", "q=x+y", "q=塔", "t=", "v=a,b", "u=a/b"]), max_size=3
)


@given(
    PAIRS,
    st.sampled_from(["utm_source=x", "fbclid=y", "gclid=z", "si=z", "spm=1.2", "source=rss-1"]),
    st.data(),
)
def test_tracking_does_not_part_twins(pairs, tracking, data):
    at = data.draw(st.integers(0, len(pairs)))
    bare = "https://lamp.example/a?" + "&".join(pairs)
    tracked = "https://lamp.example/a?" + "&".join([*pairs[:at], tracking, *pairs[at:]])
    assert canonical(tracked) == canonical(bare)


@given(st.none() | st.just(BASE), URLS | st.text())
def test_any_link_is_a_canonical_url_or_none(base, url):
    found = absolute(base, url)
    assert found is None or found == canonical(found)
