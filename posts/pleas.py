"""Blocks that ask to subscribe, pay, follow or share."""

import re

from posts.content import Block
from posts.page import Page

# nothing shorter, but for the title itself, is about what the title is about
LEAST_OF_A_SUBJECT = 60
LATEST_PLEA = 24
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
PLEA = re.compile(
    r"(?:点击|點擊|点|點).{0,12}(?:蓝字|藍字|上方|下方|右上角|关注|關注|订阅|訂閱|在看|收藏)"
    r"|(?:欢迎|歡迎|请|請|敬请|敬請|记得|記得|别忘了|別忘了|免費|免费|立即|馬上|马上|快来|快來|一键|可以|多多|随手|隨手|邀请|邀請|如果.{0,12}(?:喜欢|喜歡|覺得|觉得|認同|认同).{0,16}|如(?:喜欢|喜歡)).{0,12}(?:关注|關注|订阅|訂閱|追蹤|追踪|搜寻|搜尋|搜索|点赞|點讚|分享|转发|轉發|打赏|打賞|赞赏|讚賞|赞助|贊助|捐款|捐助|捐獻|支持|加入|下载|下載|投稿|扫码|掃碼|拍手|按讚|点个|點個|收听|收聽)"
    r"|(?:欢迎|歡迎).{0,4}(?:评论区|評論區|留言区|留言區|下方|文末|后台|後台).{0,6}(?:留言|评论|評論|讨论|討論)"
    r"|(?:关注|關注|追蹤|追踪|订阅|訂閱)(?:我|我们|我們|本|公众号|公眾號|微信|頻道|频道|電子報|电子报|專欄|专栏|下方|以下)|(?:微信公众号|公众号|微信公眾號|公眾號|微信号|微信號|知乎|Telegram|電報群|电报群|QQ群|微信群|粉絲專頁|粉丝专页|粉專|臉書專頁)\s*[:：@（(「“]"
    r"|(?:長期|长期)?(?:贊助|赞助|捐款|打賞|打赏|支持)(?:我|我們|我们|本站|作者|連結|链接|创作|創作|頻道|频道)|(?:需要|感謝|感谢)(?:你|您|大家|讀者|读者)的(?:支持|捐款|捐助|贊助|赞助)|成为(?:会员|訂戶|订户|赞助|付费)|成為.{0,8}(?:會員|訂戶|付費|贊助|捐款)|定期定額|加入(?:会员|會員|付费|付費)|付费(?:订阅|阅读|会员|内容)|付費(?:訂閱|閱讀|會員|內容)|订阅后(?:可|即|才)|訂閱後(?:可|即|才)|已是(?:会员|會員|订户|訂戶)|(?:请|請|立即|馬上)(?:先)?(?:登录|登錄|登入)"
    r"|(?:下载|下載|打开|打開).{0,8}(?:App|客户端|客戶端|應用|应用)|尽在.{0,12}(?:App|客户端)|盡在.{0,12}(?:App|客戶端)|开设了.{0,12}账号|(?:讚賞|赞赏)(?:公民|码|碼)|隨文附上.{0,20}(?:鏈結|連結)|圍爐|围炉"
    r"|(?:^|[,，.!?;:—–] ?|\b(?:please|now|and|or|to|just|can|also|consider|don.t forget to|be sure to|make sure to|want to|you) )"
    r"(?:subscrib\w*|sign up|sign-up|donat\w+|becom(?:e|ing) (?:a|an) (?:\w+ ){0,3}(?:member|patron|subscriber|supporter|sponsor)|buy (?:me|us) a coffee|clap\b"
    r"|(?:register|follow|like|support|share|forward|download|upgrade|join|listen|get|read)\b[^,.;!?]{0,40}\b(?:us|me|our|my|newsletter|channel|inbox|e-?mails?|patreon|facebook|twitter|instagram|telegram|podcast|account|trial|mailing list|patron|subscribers?|this (?:post|story|article|page)|it (?:to|with) (?:them|others|friends|everyone|a friend|someone))\b)"
    r"|\b(?:reader-supported|funded by (?:its|our) readers|become a (?:patron|member|supporter)|tip jar|start your free|already a (?:member|subscriber)|log in to|to continue reading|thanks for reading|if you (?:enjoyed|liked|like|value|found|enjoy) (?:this|reading|what|our|it)|ma(?:king|ke) a (?:tax-deductible )?(?:donation|gift))\b"
    r"|(?:喜欢|喜歡|觉得|覺得).{0,10}(?:点个|點個|点赞|點讚|在看|转发|轉發)",
    re.IGNORECASE,
)
PLEA_TRIGGERS = (
    "关注 關注 订阅 訂閱 追蹤 追踪 搜 点赞 點讚 分享 转发 轉發 赏 賞 赞助 贊助 捐 支持 加入 下载 下載 投稿 扫 掃 拍手 按讚 点个 點個 收听 收聽 评论 評論 留言 讨论 討論 在看 收藏 "
    "蓝字 藍字 上方 下方 右上角 公众号 公眾號 微信号 微信號 知乎 telegram 電報群 电报群 qq群 微信群 专页 專頁 粉專 成为 成為 定期定額 付费 付費 已是 登录 登錄 登入 打开 打開 尽在 盡在 账号 公民 隨文 圍爐 围炉 "
    "subscrib sign donat becom buy clap register follow like support share forward download upgrade join listen get read funded tip start already log make making"
)
# With one of these characters a plea begins, with a letter but for Telegram and QQ only where a word begins: `re`
# finds them many times faster than it tries each alternative of PLEA at each character.
LETTERS = r"A-PRSU-Za-prsu-zſ\u212a"
LEAD = re.compile(
    r"[点點欢歡请請敬记記别別免立馬马快一可多随隨邀如关關追订訂微公知電电粉臉長长贊赞捐打支需感成定加付已下尽盡开讚圍围喜觉覺"
    rf",，.!?;:—–QqTt{LETTERS}](?:(?<![{LETTERS}])|(?<!\w.))"
)
SENTENCES = re.compile(r"(?<=[。！？!?\n])|(?<=[a-z0-9)][.])\s")
QUOTED = re.compile('“[^”]*”|「[^」]*」|『[^』]*』|"[^"]*"')
HAN_PAIR = re.compile("[\u4e00-\u9fff]{2}")
COMMON_PAIRS = frozenset(
    "我们 我們 为什 為什 什么 什麼 怎么 怎麼 一个 一個 这个 這個 如何 可以 大家 他们 他們 自己 没有 沒有 不是 中国 中國 台湾 台灣 香港 美国 美國".split()
)


def promotion(block: Block, page: Page) -> bool:
    """Tell a block that asks to subscribe, pay, follow or share, in at least half of its words.

    It is known to hold a plea somewhere.
    """
    if block.element in HEADINGS or _is_subject(block, page):
        return False
    sentences = [sentence for sentence in SENTENCES.split(block.text) if sentence.strip()]
    pleas = sum(len(sentence) for sentence in sentences if _is_plea(sentence))
    return 2 * pleas >= sum(map(len, sentences))


def first_plea(text: str) -> re.Match[str] | None:
    """Find the first of the words of PLEA."""
    found = PLEA.match(text)
    leads = () if found else LEAD.finditer(text)
    return found or next(filter(None, (PLEA.match(text, lead.start()) for lead in leads)), None)


def _is_plea(sentence: str) -> bool:
    """Tell a sentence that asks from one that comes to speak of such things after a while."""
    found = first_plea(QUOTED.sub("", sentence).strip())
    return found is not None and found.start() <= LATEST_PLEA * (3 if found[0].isascii() else 1)


def _is_subject(block: Block, page: Page) -> bool:
    """Tell a paragraph that speaks of what the title speaks of: here subscribing is the subject."""
    words, shared, at = page.title, 0, 0
    while at < len(words) - 1:
        pair = words[at : at + 2]
        is_shared = HAN_PAIR.fullmatch(pair) is not None and pair not in COMMON_PAIRS and pair in block.text
        shared += is_shared
        at += 2 if is_shared else 1
    return shared > 1 and len(block.text) > LEAST_OF_A_SUBJECT
