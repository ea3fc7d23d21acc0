"""Detect lines that only list who wrote, translated, edited or drew: `文/张三 编辑/李四`."""

import re

from posts.rules.rule import Rule, Scope
from posts.text.whitespace import LETTER_OR_DIGIT

ROLES = "文字整理|特约评论员|特約評論員|评论员|評論員|制片人|制片|製片人|製片|拍摄|拍攝|摄制|攝製|发稿|發稿|听写|聽寫|文案|文字|正文|全文|原文|原作|口述|撰文|撰稿|撰写|执笔|執筆|作者|作家|原作者|特约作者|记者|記者|特约记者|实习记者|通讯员|采访|採訪|采写|採寫|採訪撰文|整理|文稿|译者|譯者|翻译|翻譯|编译|編譯|校对|校對|审校|審校|译校|一校|二校|校|译|譯|编辑|編輯|责编|責編|责任编辑|責任編輯|网络编辑|版面编辑|网编|網編|发自|值班主编|(?:[\u4e00-\u9fff]{2,6}(?:新闻|新聞|周刊|日报|晚报|电台|社|网))(?:记者|編輯|编辑|記者)|本文编辑|微信编辑|运营编辑|实习编辑|文字编辑|值班编辑|主编|主編|总编|编审|監製|监制|出品|策划|策劃|文案策划|统筹|統籌|排版|版式|美编|美編|美术|美術|设计|設計|制图|製圖|封面|封面设计|插画|插畫|插图|绘图|繪圖|配图|题图|題圖|头图|視覺|视觉|摄影|攝影|摄像|图片|圖片|影像|视频|影片|剪辑|后期|音乐制作|音樂製作|音乐|配乐|录音|主播|朗读|制作|製作|审核|審核|初审|复审|终审|核稿|推送|运营|来源|來源|稿源|转自|轉自|转载自|首发|供稿|文|图|圖|撰|编|編|摄|攝"
LABELS = rf"(?:[本图圖]文)?(?:{ROLES})(?:\s*[&＆、/／+和及與与]\s*(?:{ROLES}))*"
SEPARATORS = "/／|｜丨︱:：︰﹕∣┃■▎•·@"
_SEPARATOR = rf"\s*[{SEPARATORS}]\s*"
CREDIT = re.compile(rf"{LABELS}{_SEPARATOR}", re.IGNORECASE)
# the name comes first: `张三|撰稿`; and a credit with spaces between the characters: `作 者 | 李 四`
BAR = re.compile("[|｜丨︱]")
REVERSED_CREDIT = re.compile(
    rf"[\W_]*(?:[\u4e00-\u9fff·]{{2,6}}[ 、&]{{0,3}}){{1,4}}{BAR.pattern}\s*(?:{ROLES})(?:\s*[&＆、/／+和及與与]\s*(?:{ROLES}))*[\W_]*"
)
SPACED_CREDIT = re.compile("[\u4e00-\u9fff](?:[ \u3000][\u4e00-\u9fff]){1,5}\\s*[|｜丨︱:：/／]")
LABEL_ONLY = re.compile(rf"[\W_]*{LABELS}{_SEPARATOR}", re.IGNORECASE)
SENTENCE_MARK = re.compile("[。！？!?]|，.{4}")
# a line of an interview is not a credit: `记者：您支持改革吗？`
SPEECH = re.compile(
    "[？?！!]|[吗嗎呢吧啊]\\s*$|我|您|你|这|這|那(?!\\w?[·•])|什么|什麼|不是|因为|因為|本文|原载|原載|刊于|刊於"
)
# a block that names a publisher is about a book
BOOK_NOTICE = re.compile(
    "出版社|出版[:：]|出版时间|出版日期|出版年|ISBN|定价|定價|［.{1,3}］|原作名|原书名|原書名", re.IGNORECASE
)
MAX_CREDIT_NAME_CHARS, MAX_CREDIT_NAMES = 30, 12
# A line about the staff is a row of tokens: reporter, place and `报导`, roles, names.
MAX_STAFF_CHARS, MAX_ROLE_CHARS = 120, 4
STAFF_WORD = re.compile("[记記]者|通[讯訊][员員]|[责責][任编編]|[编編][辑輯译譯]|[审審]校")
ROLE_OR_REPORT = re.compile("[责責網网][任络路絡]?[编編]|[编編][辑輯译譯]|[审審]校|报[道导]|報[道導]")
STAFF_SEPARATOR = re.compile(r"[\s，,、；;]+")
_REPORT = r"(?:采访|採訪|综合|綜合|专题|專題|独家|獨家|连线|連線|特别|特別|编译|編譯)?(?:报[道导]|報[道導])"
# what follows the word in a sentence: `记者在现场`
_REPORTER = (
    r"[^\W\d_]{0,10}(?:记者|記者|通讯员|通訊員)(?![们們说說在了也就都被向从從对對问問会會发發表])[:：]?"
)
STAFF_NAME = re.compile(r"[^\W\d_][\w.·•'-]{0,11}")
REPORTER = re.compile(rf"{_REPORTER}[\u4e00-\u9fff·]{{2,8}}{_REPORT}")
STAFF_TOKEN = re.compile(
    rf"{_REPORTER}[\u4e00-\u9fff·]{{0,8}}(?:{_REPORT})?|[\u4e00-\u9fff]{{0,6}}{_REPORT}"
    rf"|(?:责任?编辑?|責任?編輯?|网络?编辑?|網[路絡]?編輯?|编辑|編輯|编审|編審|编译|編譯|校对|校對|主编|主編|监制|監製|制作|製作|摄影|攝影|审校|審校|发稿|發稿|翻译|翻譯)(?:[:：/|｜][^:：]{{0,12}})?"
)


def is_label_only(text: str) -> bool:
    """Return whether a line is a label without a name: `作者：`."""
    return text.rstrip()[-1:] in SEPARATORS and LABEL_ONLY.fullmatch(text) is not None


def is_credits_line(text: str) -> bool:
    """Return whether a line contains only labels with one name each: `文/张三 编辑/李四`."""
    if is_staff_line(text):
        return True
    text = text.replace(" ", "").replace("\u3000", "") if SPACED_CREDIT.match(text) else text
    if BAR.search(text) and REVERSED_CREDIT.fullmatch(text):
        return True
    first_letter = LETTER_OR_DIGIT.search(text)
    if not first_letter or not CREDIT.match(text, first_letter.start()) or BOOK_NOTICE.search(text):
        return False
    labels = list(CREDIT.finditer(text, first_letter.start()))
    ends = [*(label.start() for label in labels[1:]), len(text)]
    names = [text[label.end() : end] for label, end in zip(labels, ends, strict=True)]
    return all(map(_is_name, names))


CREDITS = Rule(
    "credit_line",
    "who wrote, translated, edited or made it: metadata",
    Scope.EDGE,
    matches=is_credits_line,
    keywords=(f"{' '.join(SEPARATORS)} 记者 記者 通讯员 通訊員 责编 責編 编辑 編輯 编译 編譯 审校 審校",),
)


def _is_name(text: str) -> bool:
    """Return whether a text is a name, or a list of names."""
    names = text.strip().strip("、").split("、")
    return len(names) <= MAX_CREDIT_NAMES and all(
        0 < len(name) <= MAX_CREDIT_NAME_CHARS
        and not (SENTENCE_MARK.search(name.removesuffix("。")) or SPEECH.search(name))
        for name in names
    )


def is_staff_line(text: str) -> bool:
    """Return whether a line names a reporter, with a place or editors: `某台记者 张三 台北报导 责编 李四`."""
    if not STAFF_WORD.search(text) or len(text) > MAX_STAFF_CHARS:
        return False
    text = text.strip("（()）【】[]。 \u3000")
    if REPORTER.fullmatch(text):
        return True
    tokens = STAFF_SEPARATOR.split(text)
    staff_tokens = [token for token in tokens if STAFF_TOKEN.fullmatch(token)]
    has_name = len(tokens) > len(staff_tokens) or max(map(len, tokens)) > MAX_ROLE_CHARS
    return (
        len(staff_tokens) > 1
        and staff_tokens[0] == tokens[0]
        and has_name
        and any(map(ROLE_OR_REPORT.search, staff_tokens))
        and all(token in staff_tokens or STAFF_NAME.fullmatch(token) for token in tokens)
    )
