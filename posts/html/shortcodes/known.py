"""The shortcodes that are known: those built into the site generators, and those of widespread themes.

https://gohugo.io/shortcodes/ https://hexo.io/docs/tag-plugins https://jekyllrb.com/docs/liquid/tags/
https://theme-next.js.org/docs/tag-plugins/ https://butterfly.js.org https://xaoxuu.com/wiki/stellar/tag-plugins/
https://hexo.fluid-dev.com/docs/en/guide/
"""

# a picture, with what stands below it
FIGURES = frozenset(
    "figure fig img image imgproc picture asset_img imgcap caption_img qnimg inlineimg inlineimage full-width-image".split()
)
# the targets of their links are pages or files of the site
URLS = frozenset(
    "ref relref link post_url post_path asset_path asset url_for absurl relurl permalink".split()
)
BUTTONS = frozenset("button btn link_to hashtag".split())
LINKS = BUTTONS | frozenset("post_link asset_link linkgrid-item".split())
# code up to the end tag
CODE = frozenset(
    "highlight code codeblock prism console terminal mermaid plantuml graphviz diagram chart chartjs score shell".split()
)
# formulas up to the end tag
MATH = frozenset("math katex mathjax latex tex".split())
# text up to the end tag that is not shown
HIDDEN = frozenset({"comment"})
# boxes, tabs and columns: their content is text, and so is their title
BOXES = frozenset(
    """notice note notes alert admonition admon callout hint warning warn tip info important caution danger success error
    question example abstract infobox box panel card cards aside sidenote marginnote details detail expand expandable
    collapse collapsible accordion spoiler folding foldings hidetoggle hideblock toggle tabs tab tabgroup tabpane
    subtabs content-group columns column grid cell row col section center centerquote centered steps step timeline
    lead div rawhtml html unsafe raw-html markdown md toggle-box disclosure attention notification
    conclusion poetry poem okr paper ablock border folders fold quot subsubtabs btns gi aplayerlist gallery figure-group group grouppicture""".split()
)
# entries of a timeline: their content is text, and the argument is the title
ENTRIES = frozenset({"timenode"})
QUOTES = frozenset("blockquote quote pullquote cq cquote epigraph".split())
# text marked within a line: the argument is the text
CHECKS = frozenset("checkbox radio".split())
MARKED = CHECKS | frozenset(
    "label u emp wavy del kbd psw s mark keyboard b i em strong sub sup abbr span p badge bubble blur copy cb hideinline".split()
)
# players, widgets, files: nothing of them is text
EMBEDS = frozenset(
    """youtube vimeo streamable bilibili video audio gist tweet twitter x x_simple twitter_simple vimeo_simple instagram instagram_simple facebook
    reddit mastodon tiktok spotify soundcloud bandcamp iframe embed embedpdf pdf jsfiddle codepen codesandbox asciinema
    player dplayer aplayer music meting metingjs meting-js netease map googlemaps leaflet disqus speakerdeck slideshare
    giphy gif qr qrcode swf peertube dailymotion twitch sites friends users
    posters albums navbar frame emoji gallerygroup rating vote runkit replit stackblitz include_code github ghcard gh_card""".split()
)
# logic and furniture of a template
SILENT = frozenset(
    """assign if elsif elseif elif else unless for tablerow cycle break continue case when capture increment decrement render
    layout include include_relative include_cached set block extends import from macro call filter seo feed_meta feed
    toc more excerpt br hr clear clearfix icon fa fas far fab feather svg ico rawtoc space anchor lastmod date now
    current_year year comments pagebreak paginate newpage qna_end load_script script style css js gem raw autoescape
    cache with liquid param site series""".split()
)
KNOWN = FIGURES | URLS | LINKS | CODE | MATH | HIDDEN | BOXES | ENTRIES | QUOTES | MARKED | EMBEDS | SILENT

# words of themes in the arguments of a box that are no title of it
BOX_STYLES = frozenset(
    """default primary success info warning danger error note tip notice question example quote abstract bug important caution
    flat modern simple disabled no-icon open closed close blue green red orange yellow purple cyan pink gray grey light
    dark black white left right center true false attention hint todo secondary light-blue link failure""".split()
)
CHECK_STYLES = BOX_STYLES | {"checked", "plus", "minus", "times", "inline"}
IMAGE_INCLUDE = ("image", "img", "figure", "fig", "picture", "photo")
IMAGE_FILE = r"\.(?:png|jpe?g|gif|webp|svg|bmp|avif|tiff?|ico|heic)\b"
