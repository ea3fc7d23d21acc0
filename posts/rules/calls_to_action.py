"""Wordings that ask readers to subscribe, pay, follow or share. A new one is a row: pattern and keywords."""

import re

from posts.rules.rule import HEADINGS, Rule, Scope

# Lists of words. Each text that a pattern matches contains one word of each of its lists. Some lists are also
# used in the patterns, as alternatives.
FOLLOW_WORDS = "关注 關注 追蹤 追踪 订阅 訂閱"
ACTION_WORDS = "关注 關注 關註 订阅 訂閱 追蹤 追踪 点赞 點讚 打赏 打賞 赞赏 讚賞 赞助 贊助 资助 資助 捐款 捐助 捐赠 捐贈 捐獻 拍手 按讚 按赞 转发 轉發 扫码 掃碼 三连 三連 点个 點個 支助 鼓鼓掌"
MILD_ACTION_WORDS = "支持 分享 加入 收听 收聽 收看 投稿 添加 下载 下載 评论 評論 留言 讨论 討論 交流"
REQUEST_WORDS = "欢迎 歡迎 请 請 记得 記得 别忘 別忘 不要忘 快来 快來 多多 一键 一鍵 随手 隨手 手刀 立即 免费 免費 考虑 考慮"
MEMBER_WORDS = "会员 會員"
CITIZEN_WORDS = "讚賞公民 赞赏公民"
SUPPORT_WORDS = "贊助 赞助 捐款 打賞 打赏 支持"
APP_WORDS = "app 客户端 客戶端 应用 應用"
DOWNLOAD_WORDS = "下载 下載 打开 打開 安装 安裝 更多"
ENGLISH_ACTION_WORDS = "subscrib sign donat becom buy clap"
ENGLISH_MILD_ACTION_WORDS = "register follow like support share forward join listen"
# what a text about a program or a book asks too
ENGLISH_COMMON_WORDS = "download upgrade get read"
_PROMOTED = r"newsletter|channel|inbox|e-?mails?|patreon|facebook|twitter|instagram|telegram|podcast|account|trial|mailing list|patron|subscribers?"


def _any_of(words: str) -> str:
    return words.replace(" ", "|")


_ACTION = rf"(?:关注|關注|關註)(?!点|點|者|度|焦|的|区|區|指|过|過|于|於|這|这|非|往|群|对|對|那)|{_any_of(ACTION_WORDS.removeprefix('关注 關注 關註 '))}"
# labels (標籤) are added to a post, not to a channel
_MILD_ACTION = _any_of(MILD_ACTION_WORDS).replace("添加", "添加(?!標籤|标签)")
_OWN_CHANNEL = r"我的|我们|我們|本(?:站|刊|台|网|網|报|報|號|号|人|频道|頻道|公众号|公眾號|专栏|專欄|文|篇)|此文|这篇|這篇|作者|频道|頻道|专栏|專欄|专页|專頁|创作|創作|粉[丝絲]|公[众眾衆][号號]|视频号|圍爐|围炉|电报|電報|微信|群[组組]?(?=$|[\W_])|会员|會員|訂戶|订户|付费|付費|newsletter|patreon|telegram|discord|youtube|facebook|twitter|instagram|\bline\b|\bfb\b|\big\b|社群|社团|播客|電子報|电子报|通讯|通訊|客户端|客戶端|\bapp\b|讚賞公民|赞赏公民"
# channels on which readers follow a writer
_OUTLET = r"频道|頻道|公众|公眾|专栏|專欄|专页|專頁|粉[丝絲專专]|微信|微博|推特|脸书|臉書|博客|部落格|账号|帳號|主页|主頁|播客|電子報|电子报|圍爐|围炉|matters|youtube|instagram|facebook|twitter|telegram|patreon|medium|line|ig|fb"
# excludes texts about an app that is not the publisher's own
_UNLESS_OTHER_APP = (
    r"(?!.{0,8}(?:手机|手機|设置|設置|設定|系统|系統|该|該|这个|這個|那个|那個|任何|某|一个|一個|此|第三方))"
)
_REQUEST = r"欢迎|歡迎|敬请|敬請|恳请|懇請|记得|記得|别忘了?|別忘了?|不要忘|快来|快來|多多|一键|一鍵|随手|隨手|手刀|立即|免费|免費|考虑|考慮|(?<![申邀聘提有])[请請](?!问|問|教|求|假|愿|願|客|先|設|设|登|與|与|海)"
_CLAUSE_START = r"(?:^|[,，.!?;:—–] ?|\b(?:please|now|and|or|to|just|can|also|consider|don.t forget to|be sure to|make sure to|want to|you) )"
# A pattern of a request, and the lists of words of which it always contains one. A lookbehind comes after the
# first characters: `re` searches for a set of characters fast only if a pattern begins with it.
_PATTERNS: tuple[tuple[str, ...], ...] = (
    # requests: welcome to follow; please join our ...
    (
        rf"(?:^|\W|[，,也並并者你])(?:{_REQUEST})[^。！？：:，,]{{0,8}}?(?:{_ACTION})",
        REQUEST_WORDS,
        ACTION_WORDS,
    ),
    (
        rf"(?:{_REQUEST})[^。！？，,]{{0,10}}?(?:{_MILD_ACTION})[^。！？，,]{{0,12}}?(?:{_OWN_CHANNEL})",
        REQUEST_WORDS,
        MILD_ACTION_WORDS,
    ),
    (
        rf"(?:{_REQUEST})[^。！？，,]{{0,10}}?(?:{_OWN_CHANNEL})[^。！？，,]{{0,8}}?(?:{_ACTION}|{_MILD_ACTION})",
        REQUEST_WORDS,
        f"{ACTION_WORDS} {MILD_ACTION_WORDS}",
    ),
    (
        rf"(?:{_any_of(FOLLOW_WORDS)})(?<![会會将將在被曾已很直能没沒不]..)(?:我(?!人|国|國|们|們|有|的|并|並|和|与|與)|我的(?:{_OUTLET})|我们|我們|本[号站刊台頻频公专專]|公众号|公眾號|微信公|頻道|频道|電子報|电子报|專欄|专栏|下方|以下)(?!往|者|的[人话])",
        FOLLOW_WORDS,
    ),
    (r"(?:点击|點擊|戳)[^。！？，]{0,12}?(?:蓝字|藍字|关注|關注|订阅|訂閱)", "点击 點擊 戳"),
    (
        r"[点點](?<![重热熱焦观觀看].)(?:一?[个個]|亮|一下)(?:「?在看|赞|讚|关注|關注)",
        "点 點",
        "在看 赞 讚 关注 關注",
    ),
    (
        r"(?:微信公众号|公众号|微信公眾號|公眾號|微信号|微信號|订阅号|视频号|知乎|Telegram|電報群|电报群|QQ群|微信群|粉絲專頁|粉丝专页|粉專|臉書專頁)\s*[:：@]",
        "公众号 公眾號 微信号 微信號 订阅号 视频号 知乎 telegram 電報群 电报群 qq群 微信群 專頁 专页 粉專",
    ),
    (r"(?:圍爐|围炉)\s*[(（]\s*ID\b|ID[:：]\s*[\w-]{4,}\s*[)）]?$", "id", "圍爐 围炉 d: d："),
    (
        rf"(?:長期|长期)?(?:{_any_of(SUPPORT_WORDS)})(?:我(?=$|\W|寫|写|的創|的创|繼|继)|我們(?!的?[^\W創繼])|我们(?!的?[^\W创继])|本站|作者(?!功)|連結|链接|創作者?(?=$|\W)|頻道|频道)(?:(?!支持).){{0,24}}$",
        SUPPORT_WORDS,
    ),
    (r"(?:成为|成為)[^。！？]{0,8}(?:会员|會員|赞助人|贊助人|付费用户|讚賞公民|赞赏公民)", "成为 成為"),
    (
        r"(?:加入|追蹤|贊助|附上)[^。！？]{0,12}(?:讚賞公民|赞赏公民|我的[^，]{0,6}圍爐|圍爐[：:])|^圍爐[：:]",
        f"{CITIZEN_WORDS} 圍爐",
    ),
    (r"追[蹤踪][：:]", "追蹤 追踪"),
    (r"(?:讚賞公民|赞赏公民)\s?2?\.?0?\s?(?:贊助|支持|連結|链接)", CITIZEN_WORDS),
    (r"(?:讚賞|赞赏)码", "码"),
    (r"(?:加入|升级|升級|开通|開通)[^。！？，]{0,6}(?:会员|會員)", MEMBER_WORDS),
    (r"付费(?:后|即可|才能)?(?:阅读|閱讀)全文", "付费"),
    (r"订阅后(?:可|即|才)|訂閱後(?:可|即|才)", "订阅后 訂閱後"),
    (r"已是(?:会员|會員|订户|訂戶)", "已是"),
    (r"(?:请|請|立即)(?:先)?(?:登录|登錄|登入)(?:后|後|$|\W|以|才)", "登录 登錄 登入"),
    (r"(?:定期定額|每月定額)[^。！？]{0,8}(?:贊助|捐款|支持(?:我|本|作者))", "定額"),
    (r"隨[文喜][^。！？]{0,20}(?:鏈結|連結)", "鏈結 連結"),
    (r"尽在[^。！？]{0,12}(?:App|客户端)|盡在[^。！？]{0,12}(?:App|客戶端)", "尽在 盡在"),
    (r"(?<=^)subscribe(?: now)?$", "subscribe"),
    (r"[请請勿](?:替|為|为|對|对)本文拍手|不吝[給给]?我?拍手", "拍手"),
    (
        rf"^(?:下载|下載|打开|打開|安装|安裝){_UNLESS_OTHER_APP}.{{0,14}}(?:App|客户端|客戶端)(?:$|\W.{{0,20}}$)",
        APP_WORDS,
    ),
    (
        r"(?:需要|感谢|感謝)(?:你|您|大家|讀者|读者|各位)的(?:支持|捐款|捐助|贊助|赞助)",
        "需要 感谢 感謝",
        "支持 捐款 捐助 贊助 赞助",
    ),
    (r"(?:成为|成為)[^。！？]{0,4}定期定額[^。！？]{0,4}捐款人", "定期定額"),
    (
        rf"{_CLAUSE_START}(?:subscrib\w*|sign up|sign-up|donat\w+|becom(?:e|ing) (?:a|an) (?:\w+ ){{0,3}}(?:member|patron|subscriber|supporter|sponsor)|buy (?:me|us) a coffee|clap\b)",
        ENGLISH_ACTION_WORDS,
    ),
    (
        rf"{_CLAUSE_START}(?:{_any_of(ENGLISH_MILD_ACTION_WORDS)})\b[^,.;!?]{{0,40}}\b(?:us|me|our|my|{_PROMOTED}|this (?:post|story|article|page)|it (?:to|with) (?:them|others|friends|everyone|a friend|someone))\b",
        ENGLISH_MILD_ACTION_WORDS,
    ),
    (
        rf"{_CLAUSE_START}(?:{_any_of(ENGLISH_COMMON_WORDS)})\b[^,.;!?]{{0,40}}\b(?:{_PROMOTED}|(?:our|my) (?:\w+ )?(?:apps?|stories|coverage|reporting|latest|updates?|news|posts?|articles?))\b",
        ENGLISH_COMMON_WORDS,
    ),
    (
        r"\b(?:reader-supported|funded by (?:its|our) readers|become a (?:patron|member|supporter)|tip jar|start your free|already a (?:member|subscriber)|log in to|to continue reading|thanks for reading|if you (?:enjoyed|liked|like|value|found|enjoy) (?:this|reading|what|our|it)|ma(?:king|ke) a (?:tax-deductible )?(?:donation|gift))\b",
        "reader-supported funded become tip start already log continue thanks if donation gift",
    ),
    (
        r"(?:喜欢|喜歡|觉得|覺得)[^。！？]{0,8}[，,话話就请請可欢歡来來给給][^。！？]{0,4}(?:[点點](?:一?[个個]|一下)?[“「]?(?:赞|讚|在看|关注|關注)|[点點](?:一?[个個]|一下)(?=[，,“「。！!]|$)|转发|轉發)",
        "喜欢 喜歡 觉得 覺得",
    ),
    (r"^(?:微信|公众号|公眾號)(?:搜索|搜一搜|搜寻|搜尋)\s*[“「『【\"（(：:]", "微信 公众号 公眾號", "搜"),
    (
        r"(?:欢迎|歡迎).{0,10}(?:评论区|評論區|留言区|留言區|下方|文末|后台|後台).{0,6}(?:留言|评论|評論|讨论|討論)",
        "欢迎 歡迎",
    ),
    (r"加入(?:我們|我们)的? ?Patreon", "patreon"),
    (
        rf"(?:下载|下載|打开|打開|安装|更多[^。]{{0,12}}请){_UNLESS_OTHER_APP}.{{0,14}}(?:(?:APP|客户端|客戶端)[”」）)！!。\s]*$|(?:APP|应用程序|客户端|客戶端)[，,]?(?:查看|看更多|收听|阅读))",
        DOWNLOAD_WORDS,
        APP_WORDS,
    ),
    (r"(?:都在|尽在|盡在|用).{0,10}APP(?:看|$)", "app"),
    (r"(?:歡迎|欢迎)搜[寻尋索]", "搜"),
    (r"(?:给|給|為|为)?您的?(?:邮箱|郵箱|信箱).{0,6}(?:订阅|訂閱)", "邮箱 郵箱 信箱"),
    (r"[請请]我喝.{0,2}咖啡", "咖啡"),
    (r"星标.{0,6}公众号", "星标"),
    (r"防止失联", "失联"),
    (
        r"(?:推荐|建议|可以)(?:您|你|大家)?(?:通过|使用|在)[^。]{0,60}(?:收听|收聽|订阅|訂閱)",
        "收听 收聽 订阅 訂閱",
    ),
)
# Each pattern is a rule of its own, so that one look-up of keywords finds it.
CALLS_TO_ACTION = tuple(
    Rule(
        "promotion",
        "asks to subscribe, pay, follow or share",
        Scope.BLOCK | Scope.PARAGRAPH,
        pattern=pattern,
        keywords=tuple(keywords),
        matches=re.compile(pattern, re.IGNORECASE).search,
        excluded_elements=HEADINGS,
    )
    for pattern, *keywords in _PATTERNS
)
