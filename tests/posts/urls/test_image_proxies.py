"""The URL of a picture behind an image proxy."""

import pytest

from posts.urls.image_proxies import unwrap_image_proxy

SEA = "https://sea.example/2024/sea.jpg"
PROXIED = {
    "weserv": ("https://images.weserv.nl/?url=sea.example/2024/sea.jpg", SEA),
    "weserv, query after the host": ("https://images.weserv.nl?url=sea.example/2024/sea.jpg", SEA),
    "weserv, scheme left out": ("//images.weserv.nl/?url=sea.example/2024/sea.jpg&w=300", SEA),
    "weserv, encoded": ("https://wsrv.nl/?output=webp&url=https%3A%2F%2Fsea.example%2F2024%2Fsea.jpg", SEA),
    "weserv, as it once marked https": ("https://images.weserv.nl/?url=ssl:sea.example/2024/sea.jpg", SEA),
    "weserv, query of the picture": ("https://images.weserv.nl/?url=sea.example/a.jpg?itok=1", "https://sea.example/a.jpg?itok=1"),
    "Jetpack": ("https://i0.wp.com/sea.example/2024/sea.jpg?resize=640%2C480&ssl=1", SEA),
    "Substack": ("https://substackcdn.com/image/fetch/w_1456,c_limit/https%3A%2F%2Fsea.example%2F2024%2Fsea.jpg", SEA),
    "Cloudinary": ("https://res.cloudinary.com/lamp/image/fetch/f_auto/https://sea.example/2024/sea.jpg", SEA),
    "AMP": ("https://sea-example.cdn.ampproject.org/i/s/sea.example/2024/sea.jpg", SEA),
    "Baidu": ("https://gimg2.baidu.com/image_search/src=https%3A%2F%2Fsea.example%2F2024%2Fsea.jpg&refer=http%3A%2F%2Fx", SEA),
    "Next.js, own picture": ("https://sea.example/_next/image?url=%2F2024%2Fsea.jpg&w=640&q=75", SEA),
    "Next.js, of another site": ("https://lamp.example/_next/image?url=https%3A%2F%2Fsea.example%2F2024%2Fsea.jpg&w=640", SEA),
    "one behind the other": ("https://images.weserv.nl/?url=i0.wp.com/sea.example/2024/sea.jpg", SEA),
    "GitHub": (f"https://camo.githubusercontent.com/{'0a' * 32}/{SEA.encode().hex()}", SEA),
}  # fmt: skip
NOT_PROXIED = [
    SEA,
    f"{SEA}?url=https://lamp.example/a.jpg",
    "https://images.weserv.nl/?url=",
    "https://images.weserv.nl/?url=no%20host",
    "https://web.archive.org/web/2020im_/https://sea.example/2024/sea.jpg",
    "https://i0.wp.com/sea",
]


@pytest.mark.parametrize(("url", "expected"), PROXIED.values(), ids=PROXIED)
def test_a_proxied_picture_has_the_url_of_its_own_site(url, expected):
    assert unwrap_image_proxy(url) == expected


@pytest.mark.parametrize("url", NOT_PROXIED)
def test_any_other_url_stays(url):
    assert unwrap_image_proxy(url) == url
