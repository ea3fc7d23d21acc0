import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.html.image_blocklist import BLOCKED_IMAGE_HOSTS
from posts.html.images import LAZY_SRC_ATTRIBUTES, best_of_srcset, image_url

SEA = "https://sea.example/2024/sea.jpg"
GIF = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
PICTURES = {
    "plain": ({"src": SEA}, SEA),
    "blanks around": ({"src": f" {SEA}\n"}, SEA),
    "near": ({"src": "sea.jpg", "alt": "海"}, "sea.jpg"),
    "sized": ({"src": SEA, "width": "640", "height": "100%"}, SEA),
    "real one beside a stand-in": ({"src": "/img/loading.gif", "data-src": SEA}, SEA),
    "real one beside a preview": ({"src": f"{SEA}?w=20", "data-src": SEA}, SEA),
    "Zhihu": ({"src": "data:image/svg+xml;utf8,<svg/>", "data-original": SEA, "data-actualsrc": "b.jpg"}, SEA),
    "WeChat": ({"data-src": "https://mmbiz.qpic.cn/a/640?wx_fmt=png", "data-ratio": "0.6", "data-w": "900"}, "https://mmbiz.qpic.cn/a/640?wx_fmt=png"),
    "Squarespace": ({"data-src": SEA, "data-image": "b.jpg", "data-load": "false"}, SEA),
    "Jetpack": ({"src": "https://i0.wp.com/a/b.jpg", "data-lazy-src": SEA, "srcset": GIF}, SEA),
    "Jetpack gallery": ({"src": "https://i0.wp.com/a/b.jpg", "data-orig-file": SEA}, "https://i0.wp.com/a/b.jpg"),
    "Discuz": ({"src": "static/image/common/none.gif", "file": "data/a.jpg", "zoomfile": SEA}, SEA),
    "address only where nothing else is": ({"src": GIF, "data-url": SEA}, SEA),
    "flag, no address": ({"src": SEA, "data-lazy": "true"}, SEA),
    "template, no address": ({"src": SEA, "data-src": "https://sea.example/sea_{width}x.jpg"}, SEA),
    "inlined twice": ({"src": SEA, "data-src": GIF}, SEA),
    "stand-in and srcset": ({"src": GIF, "srcset": "a.jpg 300w, b.jpg 1200w"}, "b.jpg"),
    "src and srcset": ({"src": SEA, "srcset": "a.jpg 300w, b.jpg 1200w"}, SEA),
    "lazysizes": ({"src": "low.jpg", "data-srcset": "a.jpg 300w, b.jpg 1200w"}, "b.jpg"),
    "no src but srcset": ({"srcset": "a.jpg, b.jpg 2x"}, "b.jpg"),
    "photograph of a placeholder": ({"src": "/uploads/placeholder.jpg"}, "/uploads/placeholder.jpg"),
    "name that ends like a stand-in": ({"src": "/uploads/downloading.png"}, "/uploads/downloading.png"),
    "word within a path": ({"src": "/roads/adscape/emoji-history.png"}, "/roads/adscape/emoji-history.png"),
    "address within a short query": ({"src": "a?u=//b/c.png"}, "a?u=//b/c.png"),
    "still of a video": ({"src": "https://i.ytimg.com/vi/zaZ/hqdefault.jpg"}, "https://i.ytimg.com/vi/zaZ/hqdefault.jpg"),
    "picture of an icon": ({"src": "/uploads/icon-painting-1450.png"}, "/uploads/icon-painting-1450.png"),
    "card made for the post": ({"src": "/og/harbour-at-night.png"}, "/og/harbour-at-night.png"),
    "behind a proxy": ({"src": "https://images.weserv.nl/?url=sea.example/2024/sea.jpg"}, SEA),
    "host that only ends alike": ({"src": "https://notcnzz.com/a.jpg"}, "https://notcnzz.com/a.jpg"),
}  # fmt: skip
NO_PICTURES = {
    "no address": {},
    "empty": {"src": ""},
    "null": {"src": None, "srcset": None},
    "inlined": {"src": GIF},
    "spacer": {"src": "https://lamp.example/img/spacer.gif"},
    "stand-in that nothing replaces": {"src": "/assets/img-placeholder-300x200.png?v=2"},
    "blank of Medium, twice": {"src": GIF, "data-src": GIF},
    "one pixel": {"src": SEA, "width": "1", "height": "1"},
    "one pixel in style": {"src": SEA, "style": "height:1px;width:1px"},
    "not shown": {"src": SEA, "style": "display: none"},
    "Medium": {"src": "https://medium.com/_/stat?event=post.clientViewed&postId=363e"},
    "FeedBurner": {"src": "http://feeds.feedburner.com/~r/lamp/~4/Xy"},
    "flare of FeedBurner": {"src": "http://feeds.feedburner.com/~ff/lamp?d=yIl2AUoC8zA"},
    "WordPress": {"src": "https://pixel.wp.com/b.gif?host=lamp.example&v=ext"},
    "feed of WordPress": {"src": "http://feeds.wordpress.com/1.0/comments/lamp.wordpress.com/12/"},
    "Google Analytics": {"src": "https://www.google-analytics.com/collect?v=1"},
    "Facebook": {"src": "https://www.facebook.com/tr?id=12&ev=PageView"},
    "scheme left out": {"src": "//sb.scorecardresearch.com/p?c1=2"},
    "counting host": {"src": "https://counter.lamp.example/12/a.png"},
    "counting path": {"src": "/stat/pixel.gif?id=3"},
    "mailing list": {"src": "https://lamp.us1.list-manage.com/track/open.php?u=1"},
    "Baidu": {"src": "https://hm.baidu.com/hm.gif?si=1"},
    "banner": {"src": "https://lamp.example/ads/728.jpg"},
    "banner by class": {"src": SEA, "class": "wide Advertisement"},
    "emoji of WordPress": {"src": "https://s.w.org/images/core/emoji/2.2.1/72x72/1f642.png", "alt": "🙂"},
    "emoji by class": {"src": "https://lamp.example/1f642.svg", "class": "wp-smiley", "alt": ":)"},
    "smiley of a board": {"src": "static/image/smiley/default/lol.gif"},
    "FeedBurner's path on a host of one's own": {"src": "http://feeds.lamp.example/~r/lamp/~4/Xy"},
    "share icon": {"src": "/theme/icon-weibo.png"},
    "share icon, named the other way": {"src": "/theme/twitter_icon@2x.png"},
    "folder of share icons": {"src": "/img/social-icons/f.png"},
    "icon beside a picture": {"src": "/resources/img/icon-zoom.png"},
    "line of the BBC": {"src": "https://ichef.lamp.example/news/640/production/_105_grey_line-nc.png"},
    "line of the BBC, with its width": {
        "src": "https://c.lamp.example/_98_presentational_grey_line464-nc.png"
    },
    "divider": {"src": "/theme/divider.svg"},
    "card of the site": {"src": "https://static.lamp.example/meta_og_twcards/LAMP_FB.png"},
    "card of the site, as a photograph": {"src": "https://lamp.example/img/og-default.jpg"},
    "page of a video": {"src": "https://www.youtube.com/watch?v=zaZ"},
    "video": {"src": "https://lamp.example/2024/sea.mp4"},
    "emoji behind a proxy": {"src": "https://images.weserv.nl/?url=s.w.org/images/core/emoji/1f642.png"},
    "portrait": {"src": "https://secure.gravatar.com/avatar/0a?s=48"},
}


@pytest.mark.parametrize(("attributes", "expected"), PICTURES.values(), ids=PICTURES)
def test_an_image_is_the_picture_it_shows_in_the_end(attributes, expected):
    assert image_url(attributes) == expected


@pytest.mark.parametrize("attributes", NO_PICTURES.values(), ids=NO_PICTURES)
def test_what_is_no_picture_of_the_post_is_none(attributes):
    assert image_url(attributes) is None


@pytest.mark.parametrize("name", LAZY_SRC_ATTRIBUTES)
def test_a_late_address_wins_over_a_stand_in(name):
    assert image_url({"src": GIF, name: SEA}) == SEA


@pytest.mark.parametrize("host", BLOCKED_IMAGE_HOSTS)
def test_a_host_of_the_table_serves_no_picture_nor_do_those_below_it(host):
    assert (image_url({"src": f"https://{host}/a.jpg"}), image_url({"src": f"//cdn.{host}/a.jpg"})) == (
        None,
        None,
    )


SRCSETS = {
    "widths": ("a.jpg 300w, b.jpg 1200w, c.jpg 600w", "b.jpg"),
    "densities": ("a.jpg, b.jpg 2x, c.jpg 1.5x", "b.jpg"),
    "first of equals": ("a.jpg 2x, b.jpg 2x", "a.jpg"),
    "one": ("a.jpg", "a.jpg"),
    "width and height": ("a.jpg 300w 200h, b.jpg 1200w 800h", "b.jpg"),
    "commas within": ("/w_300,h_200/a.jpg 300w, /w_900,h_600/a.jpg 900w", "/w_900,h_600/a.jpg"),
    "comma at the end": ("a.jpg, b.jpg,", "a.jpg"),
    "no space after the comma": ("a.jpg 1x,b.jpg 2x", "b.jpg"),
    "line feeds": ("\n  a.jpg 300w,\n  b.jpg 600w\n", "b.jpg"),
    "brackets": ("a.jpg type(x, y) 300w, b.jpg 600w", "b.jpg"),
    "bracket left open": ("a.jpg 300w (, b.jpg 600w", "a.jpg"),
    "inlined among others": (f"{GIF} 900w, a.jpg 300w", "a.jpg"),
    "commas only": (" , ,,", None),
    "empty": ("", None),
}


@pytest.mark.parametrize(("srcset", "expected"), SRCSETS.values(), ids=SRCSETS)
def test_the_largest_of_a_set_is_chosen(srcset, expected):
    assert best_of_srcset(srcset) == expected


@given(st.text("a.,( )1wx/", max_size=40))
def test_any_set_gives_an_address_that_it_holds_or_none(srcset):
    best = best_of_srcset(srcset)
    assert best is None or best in srcset


def test_a_hostile_set_is_read_in_linear_time():
    assert best_of_srcset("," * 1_000_000 + "(" * 1_000_000) is None


NAMES = st.sampled_from(
    [*LAZY_SRC_ATTRIBUTES, "src", "srcset", "data-srcset", "class", "style", "width", "alt", "data-url"]
)


@given(
    st.dictionaries(NAMES, st.none() | st.text() | st.sampled_from([SEA, GIF, "//", "http://", "a.jpg 2x"]))
)
def test_any_image_gives_an_address_that_is_written_on_it_or_none(attributes):
    address = image_url(attributes)
    assert address is None or any(address in (written or "") for written in attributes.values())
