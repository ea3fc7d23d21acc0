"""Which blocks are not the post's own text: rules of wording, place and links, each with its reason.

Blocks are judged whole: a promise to subscribe within a real paragraph stays.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from urllib.parse import urlsplit

from ahocorasick_rs import AhoCorasick

from posts.blocks import Block
from posts.flat import cut
from posts.templates import Template

NOT_WORD = re.compile(r"[\W_]+")
# No credit, notice or plea of those seen is longer; a longer block is a paragraph with one in it.
LONGEST_LINE = 220
HEAD, TAIL = 8, 14
LONGEST_PLEA, LATEST_PLEA = 420, 24
# Chinese sentences of a remark or a teaser seldom come to this, those of an article to two or three times it.
A_PARAGRAPH = 80
MAY_WRAP = frozenset(
    """comments_element related_element promotion_element byline_element tags_element navigation_element share_element
    advertisement footer_element author_box form_element site_chrome_element teaser""".split()
)


@dataclass(frozen=True, slots=True)
class Page:
    """What is known of a post when its blocks are judged."""

    title: str = ""
    url: str | None = None

    @property
    def site(self) -> str:
        return site_of(urlsplit(self.url).hostname or "") if self.url else ""


Judged = Iterator[tuple[Block, str | None]]
Rule = Callable[[list[Block], Page], Judged]


@dataclass(frozen=True, slots=True)
class Wording:
    """A block that is wholly `pattern` is left out: anywhere, or only near the beginning or end of the text.

    One of the `triggers` (lower case) is in every such block: what has none of them is not looked at closer.
    """

    name: str
    reason: str
    triggers: str
    pattern: str
    at_edges: bool = False


_ROLE = "文案|文字|正文|全文|原文|原作|口述|撰文|撰稿|撰写|执笔|執筆|作者|作家|原作者|特约作者|记者|記者|特约记者|实习记者|通讯员|采访|採訪|采写|採寫|採訪撰文|整理|文稿|译者|譯者|翻译|翻譯|编译|編譯|校对|校對|审校|審校|译校|一校|二校|校|译|譯|编辑|編輯|责编|責編|责任编辑|責任編輯|本文编辑|微信编辑|运营编辑|实习编辑|文字编辑|值班编辑|主编|主編|总编|编审|監製|监制|出品|策划|策劃|文案策划|统筹|統籌|排版|版式|美编|美編|美术|美術|设计|設計|制图|製圖|封面|封面设计|插画|插畫|插图|绘图|繪圖|配图|题图|題圖|头图|視覺|视觉|摄影|攝影|摄像|图片|圖片|影像|视频|影片|剪辑|后期|音乐制作|音樂製作|音乐|配乐|录音|主播|朗读|制作|製作|审核|審核|初审|复审|终审|核稿|推送|运营|来源|來源|稿源|转自|轉自|转载自|首发|供稿|文|图|圖|撰|编|編|摄|攝"
_LABELLED = rf"(?:[本图圖]文)?(?:{_ROLE})(?:\s*[&＆、/／+和及與与]\s*(?:{_ROLE}))*"
_SEPARATOR = r"\s*[/／|｜丨︱:：︰﹕∣┃■▎•·@]\s*"
_CREDIT = re.compile(rf"{_LABELLED}{_SEPARATOR}", re.IGNORECASE)
LONGEST_NAME = 30
_AGENCY = (
    "Getty(?: Images)?|AFP|Agence France-Presse|Reuters|Associated Press|AP(?: Photo)?|EPA(?:-EFE)?|Bloomberg(?: News)?|Xinhua|Unsplash|Pixabay|Pexels|Flickr|Shutterstock|iStock(?:photo)?|Alamy(?: Stock Photo)?|Magnum Photos|VCG|Visual China|CNS|ChinaFile|Imaginechina|ZUMA(?: Press)?|Redux|Corbis|Wikimedia Commons|Wikipedia|The New York Times|NYT|WSJ|Zuma|SIPA|DPA|Kyodo|Sputnik|TASS|Midjourney|DALL·?E"
    "|法新社|路透社?|美联社|美聯社|新华社|新華社|中新社|视觉中国|視覺中國|东方IC|東方IC|IC photo|人民视觉|澎湃影像|达志影像|達志影像|盖蒂图片|蓋蒂圖片|中央社|彭博社?|网络|網絡|網路|资料图片?|資料圖片?|受访者提供|受訪者提供|作者提供|本人提供|维基百科|維基百科"
)
WORDINGS = (
    Wording(
        "photo_credit",
        "who made the picture, with no word on what it shows",
        "photo image picture illustration graphic art video cover header credit courtesy © source getty afp "
        "agence reuters ap epa bloomberg xinhua unsplash pixabay pexels flickr shutterstock istock alamy "
        "magnum vcg visual cns chinafile zuma redux corbis wiki nyt new york times wsj sipa dpa kyodo sputnik "
        "tass midjourney dall 图 圖 来源 來源 照片 影像 视频 截图 摄 攝 漫画 供 绘 繪 法新 路透 美联 美聯 新华 新華 中新 视觉 視覺 东方ic 東方ic 澎湃 达志 "
        "達志 盖蒂 蓋蒂 中央社 彭博 网络 網絡 網路 资料 資料 提供 维基 維基",
        rf"[\W_]*(?:(?:photos?|photographs?|photography|pictures?|images?|illustrations?|graphics?|art(?:work)?|videos?|cover|header)\s*(?:(?:is|are|was)\s+)?(?:credits?\s*:?|by\b|:|from\b|via\b|©|courtesy(?: of)?\b|source\s*:?)[^\n]{{0,90}}"
        rf"|(?:credits?|courtesy(?: of)?|图源|圖源|图/|圖/|©|source|来源|來源)\s*[:：/]?\s*[^\n。]{{1,60}}(?<![.?!])"
        rf"|(?:图片|圖片|图像|圖像|照片|配图|题图|題圖|封面图?|图|圖|插图|插圖|影像|视频|截图)\s*(?:的)?(?:来源|來源|源自|来自|來自|出处|出處|版权|版權|提供|取自|授权|截自|引自|致谢|by|via|credit)\s*[/／|｜丨:：,，]?\s*[^\n。]{{0,60}}"
        rf"|(?:摄影|攝影|摄|攝|图|圖|图片|圖片|照片|插图|漫画|圖說|题图|題圖|配图|封面图|供图|供圖)(?:师|師|者)?\s*[/／|｜丨:：]\s*[^\n。！？]{{1,40}}"
        rf"|(?:[^\n。！？]{{0,60}}(?:[—–/／|,，:：\-]|\bvia\b|\bfor\b)\s*)?(?:{_AGENCY})(?:\s*[/／|—–,，\-]\s*[\w .]{{0,40}})?(?:\s*(?:图片|圖片|图|圖|摄|供图))?"
        rf"|[^\n。！？，]{{1,20}}[/／ ](?:摄|攝|供图|供圖|摄影|攝影|绘|繪|图|圖))[\W_]*",
    ),
    Wording(
        "credit_line",
        "who wrote, translated, edited or made it: metadata",
        "by translat edit report story compiled author written text words review image proofread"
        f" {_ROLE.replace(chr(124), chr(32))}",
        r"[\W_]*(?:by|written by|text by|words by|translated by|edited by|reporting by|reported by|story by|compiled by|author:|editor:|translator:)\s*[^\n.!?]{2,60}"
        r"|[\W_]*(?:WeChat editor|reviewer|images? from|editor|proofreader|translation|author)\s*[:：|｜]\s*[^\n]{1,40}"
        rf"|[\W_]*{_LABELLED}\s+[^\s。！？，]{{1,8}}",
        at_edges=True,
    ),
    Wording(
        "dateline",
        "date, length and counts are metadata",
        "0 1 2 3 4 5 6 7 8 9",
        r"[\W_]*(?:(?:发布|發布|发表|發表|更新|日期|时间|時間|刊于|原载|date|published|posted|updated|last updated|first published)\s*(?:于|於|时间|時間|日期|on|at|:|：)?\s*[:：]?\s*)?"
        r"(?:(?:19|20)\d\d\s*[-./年]\s*\d{1,2}\s*[-./月]\s*\d{1,2}\s*日?(?:\s*(?:星期|周|週)[一二三四五六日天])?(?:[\sT,]*\d{1,2}:\d\d(?::\d\d)?)?"
        r"|\d{1,2}[./-]\d{1,2}[./-](?:(?:19|20)\d\d|\d\d)|(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d\d|\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (?:19|20)\d\d)[\W_]*"
        r"|(?:19|20)\d\d\s*[-./年]\s*\d{1,2}\s*[-./月]\s*\d{1,2}\s*日?(?:[\sT]*\d{1,2}:\d\d(?::\d\d)?)?[\s\W]{1,6}(?:来源|來源|作者|编辑|編輯|责编|记者|記者|点击|浏览|瀏覽|阅读|閱讀|栏目|出处|字号|分享|举报).{0,120}"
        r"|[\W_]*(?:本文)?(?:(?:共|约|約|全文|字数|字數|阅读|閱讀|预计|預計|需要?|大约|大約|时间|時間|时长|時長|计|計|[\s:：,，、/|·;；（(]|\d[\d,.]*+\s*+(?:千|万|萬)?(?:字|分钟|分鐘|次阅读|次閱讀|views?|reads?|words?|min(?:ute)?s?))\s*+)++(?:read|reading time|阅读|閱讀|读完|可读完|左右)?[\W_]*",
        at_edges=True,
    ),
    Wording(
        "syndication_notice",
        "where the feed or the page comes from",
        "medium appeared continue read view see click keep 阅读 閱讀 查看 看 浏览 展开 展開",
        r".{0,200}\bwas originally published (?:in|on) .{1,120} on Medium, where people are continuing the conversation.*"
        r"|[\W_]*the post .{1,200} (?:appeared first|first appeared) on .{1,100}"
        r"|[\W_]*(?:continue reading|read (?:more|on|the (?:full|rest|original|whole))|view (?:original|this post|full)|see (?:more|full)|click (?:here )?to read|keep reading)\b.{0,80}"
        r"|[\W_]*(?:点击|點擊|点此|點此|请|請)?\s*(?:左下角|下方|这里|這裡|此处|此處)?\s*[「“\"【]?(?:阅读|閱讀|查看|继续阅读|繼續閱讀|繼續看|浏览|展开|展開)(?:全文|原文|更多|完整|余下全文|正文|详情|詳情|網頁版|网页版)[」”\"】]?.{0,24}",
    ),
    Wording(
        "rights_notice",
        "rights and terms of the site",
        "© (c) copyright rights 版权 版權 著作 转载 轉載 授权 授權 许可 允许 允許 許可 同意 未经 未經 代表 谢绝 禁止 严禁 请勿 請勿 侵 作品 license "
        "creative cc 共享 創用 声明 聲明 disclaimer notice 删除 刪除",
        r"[\W_]*(?:©|\(c\)|copyright|all rights reserved|版权(?:声明|所有|归|說明)|版權(?:聲明|所有|歸)|著作权|著作權|转载(?:请|须|需|授权|声明|自由)|轉載(?:請|須|需|授權|聲明)|未经(?:授权|许可|允许|同意|本)|未經(?:授權|許可|允許|同意|本)|欢迎(?:转载|轉載)|歡迎轉載|如需(?:转载|轉載)|本文(?:由|系|係)?.{0,20}(?:独家授权|授权(?:发布|转载|刊发)|版权归|版權歸|不代表)|(?:免责|免責|特别|特別|法律|郑重|鄭重)(?:声明|聲明)|disclaimer|notice: the content|本文仅代表|文章仅代表|以上(?:内容|观点)仅代表|.{0,30}(?:谢绝|禁止|严禁|請勿|请勿)(?:转载|轉載)|(?:侵权|侵權)|(?:本作品|本文|this work|except where).{0,30}(?:CC|Creative Commons|知识共享|創用|licensed under)).{0,190}"
        r"|.{0,80}(?:版权归(?:原)?作者所有|版權歸原作者所有|转载请注明(?:出处|来源)|轉載請註明|侵删|侵刪|联系删除|聯繫刪除|不代表本(?:站|平台|公众号|网|报)(?:观点|立场)).{0,80}",
    ),
    Wording(
        "picture_of_a_code",
        "what to scan",
        "扫 掃 长按 長按 识别 識別 二维码 二維碼 qr",
        r".{0,60}(?:扫码|掃碼|扫描|掃描|掃一掃|扫一扫|长按(?:识别|上图|下图|图片|关注|二维码)|長按(?:識別|圖片)|识别图中|識別圖中|二维码|二維碼|QR ?code).{0,60}",
    ),
    Wording(
        "tag_line",
        "tags are a column of their own",
        "# ＃ tag 标签 標籤 关键 關鍵 keyword categor 分类 分類 filed topic posted",
        r"(?:[^\w#＃]*+[#＃]++[^\s#＃]{1,40}+)++[\W_]*"
        r"|[\W_]*(?:tags?|标签|標籤|标签云|关键词|關鍵詞|關鍵字|关键字|keywords?|categories|category|分类|分類|filed under|topics?|posted in|tagged(?: with)?)\s*[:：|｜].{1,120}",
    ),
    Wording(
        "widget_words",
        "words of buttons and counters",
        "share tweet pin like email print save comment reply leave view response loading advert sponsor "
        "related more you recommend read next previous prev back contents toc follow subscribe sign log menu "
        "search home skip play pause mute 00:00 .jp .png .gif .webp .bmp .svg .heic .tif disqus blog end clap "
        "分享 转发 评论 評論 留言 点赞 收藏 在看 打赏 赞 讚 目录 目錄 廣告 广告 返回 回到 上一 下一 暂无 发表 發表 喜欢 喜歡 推荐 回应 回應 举报 舉報 阅读 閱讀 收起 展开 显示 "
        "加载 有用 没用 剧透",
        r"[\W_]*(?:share|tweet|pin it|advertisement\b.{0,60}|(?:(?:email|share|tweet|pin|blog|post|print|save)\s(?:this|it|on|to)(?:\s(?:on|to)?\s?\w+)?[\W_]*+)++|comments powered by .{1,40}|blog comments powered by .{1,40}|log in (?:or register )?to post comments|\w[\w\- ]*\.(?:jpe?g|png|gif|webp|bmp|heic|tiff?|svg)|(?:(?:分享|喜欢|喜歡|推荐|回应|回應|点赞|收藏|在看|转发|评论|留言|赞|讚|举报|舉報|阅读|閱讀|收起|展开|有用|没用)\s*+[\d,.]*+\+?万?\+?[\s·|]*+)++|这篇(?:影评|书评|剧评|乐评)?(?:可能)?有?(?:关键情节)?(?:有)?剧透.{0,12}|[—–-]+ ?end ?[—–-]+|(?:the )?end|展开全文|显示全部|加载中|like|likes?|email|print|save|comments?|reply|leave a (?:comment|reply)|add a comment|view comments|\d+ (?:comments?|likes?|shares?|claps?|responses?)|no comments(?: yet)?|loading(?:\.+)?|advertisement|sponsored|related(?: (?:articles?|posts?|stories|reading|content))?|more from .{1,40}|you (?:may|might) also like|recommended(?: for you)?|read next|up next|next|previous|back to top|table of contents|contents|toc|follow|subscribe|sign in|log in|menu|search|home|skip to content|play|pause|mute|00:00|分享(?:到|至|此文|本文)?|转发|评论|評論|留言|点赞|收藏|在看|打赏|赞赏|目录|目錄|廣告|广告|返回顶部|回到頂部|上一篇|下一篇|上一页|下一页|[上下]一[篇页頁則则章][\s:：→←].{1,120}|prev(?:ious)?(?: post| article)?\s*[:：←].{1,100}|next(?: post| article)?\s*[:：→].{1,100}|暂无评论|發表評論|发表评论|分享到[:：].{0,60}|\d+ ?(?:条评论|人喜欢|人赞赏|次点赞|個讚|则留言|則留言))[\W_]*",
        at_edges=True,
    ),
    Wording(
        "player_times",
        "the clock of a player",
        ": /",
        r"[\W_]*\d{1,2}:\d\d(?::\d\d)?(?:\s*[/|-]\s*-?\d{1,2}:\d\d(?::\d\d)?)*[\W_]*|\d{1,3}\s*/\s*\d{1,3}",
    ),
    Wording(
        "contact_line",
        "addresses and accounts",
        ": ： | ｜ @",
        r"(?:[\W_]*+(?:(?:my |our )?(?:facebook|fb|twitter|x|instagram|ig|youtube|telegram|tg|line|weibo|wechat|discord|matters|medium|linkedin|tiktok|threads|podcast|spotify|apple podcasts?|soundcloud|patreon|paypal|btc|eth|bitcoin|github|website|web|blog|email|e-mail|mail|contact|homepage)|脸书|臉書|推特|微博|微信|电报|電報|油管|播客|支付宝|支付寶|比特币|比特幣|以太坊|户名|戶名|账号|帳號|开户行|(?:新闻|爆料|投诉|服务)?(?:热线|熱線)|电话|電話|客服|网站|網站|官网|官網|邮箱|郵箱|信箱|電郵|电邮|联系(?:方式|邮箱|我们)?|聯絡(?:方式|信箱|我們)?|聯繫|合作(?:聯繫|联系|邮箱|邀約)?|商務合作|商务合作|投稿(?:邮箱|信箱)?|投诉(?:邮箱|信箱)?|爆料(?:邮箱|信箱)?)[^\n。！？:：|｜@]{0,12}+[:：|｜@]\s*+@?+[\w.@/?=&%+#:\-]{2,120}+[\W_]*+)++",
        at_edges=True,
    ),
)
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
CREDIT_TRIGGERS = "/ ／ | ｜ 丨 ︱ : ： ︰ ﹕ ∣ ┃ ■ ▎ • · @"
_COMPILED = {
    wording.name: (wording.at_edges, re.compile(wording.pattern, re.IGNORECASE | re.DOTALL))
    for wording in WORDINGS
}


@cache
def _triggers() -> tuple[AhoCorasick, list[frozenset[str]]]:
    """Build the search for all triggers at once, and tell which rules each of them concerns."""
    told = defaultdict[str, set[str]](set)
    named = [(wording.name, wording.triggers) for wording in WORDINGS]
    for name, words in [
        *named,
        (promotion.__name__, PLEA_TRIGGERS),
        (credits_line.__name__, CREDIT_TRIGGERS),
    ]:
        for word in words.split():
            told[word].add(name)
    return AhoCorasick(list(told)), [frozenset(names) for names in told.values()]


def _concerned(text: str) -> set[str]:
    """Name the rules of wording that may leave a block out."""
    matcher, names = _triggers()
    found = {number for number, _, _ in matcher.find_matches_as_indexes(text.lower(), overlapping=True)}
    return set().union(*(names[number] for number in found))


# the rules of wording that judge a text without line breaks as a whole
WHOLE = frozenset(
    {"tag_line", "photo_credit", "rights_notice", "syndication_notice", "dateline", "player_times"}
)
LETTER = re.compile(r"\w")
SENTENCES = re.compile(r"(?<=[。！？!?\n])|(?<=[a-z0-9)][.])\s")
QUOTED = re.compile('“[^”]*”|「[^」]*」|『[^』]*』|"[^"]*"')
HAN_PAIR = re.compile("[\u4e00-\u9fff]{2}")
COMMON_PAIRS = frozenset(
    "我们 我們 为什 為什 什么 什麼 怎么 怎麼 一个 一個 这个 這個 如何 可以 大家 他们 他們 自己 没有 沒有 不是 中国 中國 台湾 台灣 香港 美国 美國".split()
)
SENTENCE = re.compile("[。！？!?]|，.{4}")
READ_MORE = re.compile(
    r"[\W_]*(?:延伸(?:阅读|閱讀)|相关(?:阅读|文章|报道|推荐|链接|内容)|相關(?:閱讀|文章|報導|報道|推薦|連結|內容)|推荐(?:阅读|文章)|推薦(?:閱讀|文章)|往期.{0,10}|更多(?:文章|阅读|閱讀|内容|推荐|报道|報導|精彩).{0,10}|精彩(?:推荐|推薦|回顾|回顧)|拓展阅读|扩展阅读|系列(?:文章|报道|報導)|热门(?:文章|推荐)|熱門文章|不要错过|不要錯過|猜你喜欢|你可能(?:也)?(?:会|會)?(?:对|對|喜欢|喜歡|想|感).{0,16}|前情提要|上一篇|下一篇|上期.{0,6}|下期.{0,6}|前文(?:链接|連結|回顾|回顧)?|看更多.{0,8}|您(?:也许|也許|可能)(?:会|會|还|還)?(?:喜欢|喜歡|感兴趣|感興趣).{0,6}|看本.{0,20}|同場加映|同场加映|延伸"
    r"|related(?: (?:reading|articles?|posts?|stories|content|links?))?|read (?:more|next|also)|further reading|see also|more (?:from|on|stories|articles|reading).{0,40}|you (?:may|might) also (?:like|enjoy)|recommended(?: reading| for you)?|previously|in this series|also in this series|elsewhere on .{1,30}|popular posts|don.t miss)[\W_]*",
    re.IGNORECASE,
)
# the longest line seen that announces a list of links and says nothing else
A_LEAD_IN = 60
ADDRESS = re.compile(r"(?:https?://|www\.)[\x21-\x7e]+")
SOURCES = re.compile(
    r"参考|參考|来源|來源|出处|出處|资料|資料|原文|文献|文獻|注释|註|sources?|references?|bibliography|original|via",
    re.IGNORECASE,
)
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
COMMENTS_HEADING = re.compile(
    r"[\W_]*(?:\d+ )?(?:comments?|responses?|discussion|评论|評論|留言)(?: ?[(（]?\d*[)）]?)?[\W_]*",
    re.IGNORECASE,
)


def judge(blocks: list[Block], page: Page, template: Template | None = None) -> None:
    """Set the rule on each block by which it is left out; a text without line breaks is parted into passages."""
    flat = outline(blocks, page)
    if flat is not None:
        _part(blocks, flat, page, template)
        return
    if template is not None:
        _apply(template.recurring, blocks, _kept(blocks), page)
    words(blocks, page)


def outline(blocks: list[Block], page: Page) -> Block | None:
    """Judge blocks by the elements that hold them; where one is left that is no heading, give it: a text unparted."""
    _apply(wrapped, blocks, blocks, page)
    _apply(title, blocks, blocks, page)
    kept = _kept(blocks)
    return kept[0] if len(kept) == 1 and kept[0].element not in HEADINGS else None


def words(blocks: list[Block], page: Page) -> None:
    """Judge blocks by what they say, by where they link, and by what stands beside them."""
    for rule in (wording, own_links, bare_address, lead_in, after_promotion, title):
        _apply(rule, blocks, blocks if rule in {lead_in, after_promotion, title} else _kept(blocks), page)


def _apply(rule: Rule, blocks: list[Block], among: list[Block], page: Page) -> None:
    for block, name in rule(among, page):
        block.rule = name


def _kept(blocks: list[Block]) -> list[Block]:
    return [block for block in blocks if block.rule is None]


def _part(blocks: list[Block], block: Block, page: Page, template: Template | None) -> None:
    """Put passages, each kept or left out, in the place of a block whose line breaks are lost."""
    if len(block.text) <= LONGEST_LINE:
        concerned = _concerned(block.text) & WHOLE
        block.rule = next((name for name in concerned if _COMPILED[name][1].fullmatch(block.text)), None)
        if block.rule:
            return
    covered = template.covered(block.text) if template is not None else []
    passages = [
        Block(text, rule, block.element, block.signature, continues=at > 0)
        for at, (text, rule) in enumerate(cut(block.text, page.title, covered))
    ]
    left = "".join(passage.text for passage in passages if passage.rule is None)
    if len(left) <= 2 * len(page.title) + 20 and bare(left) == bare(page.title):
        for passage in passages:
            passage.rule = passage.rule or "title_repeated"
    if len(passages) > 1 or passages[0].rule:
        at = blocks.index(block)
        blocks[at : at + 1] = passages


def wrapped(blocks: list[Block], _: Page) -> Judged:
    """Keep what an element rule would leave out where it is the piece itself.

    A conversation may stand in the markup of comments, an article in a box of a name that means something else.
    """
    own = sum(len(block.text) for block in blocks if block.rule is None)
    for name in {block.rule for block in blocks} & MAY_WRAP:
        inside = [block for block in blocks if block.rule == name]
        told = sum(len(block.text) for block in inside)
        long = sum(len(block.text) for block in inside if len(block.text) > A_PARAGRAPH)
        if told > own and long > told / 2:
            for block in inside:
                is_heading = COMMENTS_HEADING.fullmatch(block.text) is not None
                yield block, "widget_words" if is_heading else None


def title(blocks: list[Block], page: Page) -> Judged:
    """A first block that only repeats the title."""
    wanted = bare(page.title)
    if any(block.rule == "title_repeated" for block in blocks):
        return
    for block in _kept(blocks)[:3]:
        if len(block.text) > 2 * len(page.title) + 40:
            return
        found = bare(block.text)
        is_heading = block.element in {"h1", "h2"} and len(found) > 5 and len(wanted) > 5
        if found == wanted or (is_heading and (found.startswith(wanted) or wanted.startswith(found))):
            yield block, "title_repeated"
            return


def wording(blocks: list[Block], page: Page) -> Judged:
    """A short block that says nothing but what a rule of WORDINGS names, a plea, or who made it."""
    for at, block in enumerate(blocks):
        if len(block.text) <= LONGEST_PLEA:
            is_edge = at < HEAD or at >= len(blocks) - TAIL
            name = _worded(block, page, is_edge=is_edge)
            if name is not None:
                yield block, name


def _worded(block: Block, page: Page, *, is_edge: bool) -> str | None:
    concerned = _concerned(block.text)
    if len(block.text) <= LONGEST_LINE:
        for name, (at_edges, pattern) in _COMPILED.items():
            if name in concerned and (is_edge or not at_edges) and pattern.fullmatch(block.text):
                return name
        if "credits_line" in concerned and is_edge and credits_line(block.text):
            return "credit_line"
    return "promotion" if "promotion" in concerned and promotion(block, page) else None


def promotion(block: Block, page: Page) -> bool:
    """Tell a block that asks to subscribe, pay, follow or share, in at least half of its words."""
    if block.element in HEADINGS or not PLEA.search(block.text) or _is_subject(block, page):
        return False
    sentences = [sentence for sentence in SENTENCES.split(block.text) if sentence.strip()]
    pleas = sum(len(sentence) for sentence in sentences if _is_plea(sentence))
    return 2 * pleas >= sum(map(len, sentences))


def _is_plea(sentence: str) -> bool:
    """Tell a sentence that asks from one that comes to speak of such things after a while."""
    found = PLEA.search(QUOTED.sub("", sentence).strip())
    return found is not None and found.start() <= LATEST_PLEA * (3 if found[0].isascii() else 1)


def _is_subject(block: Block, page: Page) -> bool:
    """Tell a paragraph that speaks of what the title speaks of: here subscribing is the subject."""
    words, shared, at = page.title, 0, 0
    while at < len(words) - 1:
        pair = words[at : at + 2]
        is_shared = HAN_PAIR.fullmatch(pair) is not None and pair not in COMMON_PAIRS and pair in block.text
        shared += is_shared
        at += 2 if is_shared else 1
    return shared > 1 and len(block.text) > A_LEAD_IN


def credits_line(text: str) -> bool:
    """Tell a line of nothing but labels with a name each: `文/张三 编辑/李四`."""
    labels = list(_CREDIT.finditer(text))
    if not labels or LETTER.search(text, 0, labels[0].start()):
        return False
    ends = [*(label.start() for label in labels[1:]), len(text)]
    names = [text[label.end() : end] for label, end in zip(labels, ends, strict=True)]
    return all(
        0 < len(name.strip()) <= LONGEST_NAME and not SENTENCE.search(name.rstrip()[:-1]) for name in names
    )


def own_links(blocks: list[Block], page: Page) -> Judged:
    """A block that is nothing but links to other pieces of the same site."""
    found = [block for block in blocks if _is_own_links(block, page)]
    # an index, a weekly list: the links are what the post is about
    if 2 * sum(len(block.text) for block in found) < sum(len(block.text) for block in blocks):
        yield from ((block, "own_links") for block in found)


def _is_own_links(block: Block, page: Page) -> bool:
    if not block.hrefs or not page.site or block.element in HEADINGS or len(block.text) > LONGEST_LINE:
        return False
    return _is_all_links(block) and all(_is_other_piece(href, page) for href in block.hrefs)


def _is_all_links(block: Block) -> bool:
    """Tell a block of links with next to no words around them: numbers, `《》`, `见`, `Part 2:`."""
    return bool(block.hrefs) and len(block.text) - block.linked_chars <= 6 + 0.15 * block.linked_chars


def _is_other_piece(href: str, page: Page) -> bool:
    try:
        target = urlsplit(href.strip())
        host = target.hostname or ""
    except ValueError:
        return False
    if page.url and href.partition("#")[0].rstrip("/") == page.url.rstrip("/"):
        return False
    if not host:
        return not target.scheme and bool(target.path)
    return site_of(host) == page.site


def site_of(host: str) -> str:
    """Give the name of a site: `example` of www.example.com, example.co.uk and blog.example.org.

    A site that moves to another ending keeps its name; a name of one or two letters is no name, the host is.
    """
    labels = host.lower().split(".")
    is_country = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    name = labels[-3 if is_country else -2] if len(labels) > 1 else host
    return name if len(name) > 2 else host


def lead_in(blocks: list[Block], page: Page) -> Judged:
    """A line that only announces links that are left out, and the links that such a line announces."""
    for at, block in enumerate(blocks):
        if block.rule is not None or len(block.text) > A_LEAD_IN or not _announces(block):
            continue
        following = blocks[at + 1 : at + 16]
        links = list(takewhile(lambda b: b.rule is not None or _is_all_links(b), following))
        is_read_more = READ_MORE.fullmatch(block.text) is not None
        if any(b.rule == "own_links" for b in links[:1]) or (is_read_more and (links or not following)):
            yield block, "lead_in"
            if is_read_more:
                yield from ((b, "announced_links") for b in links if b.rule is None)


def _announces(block: Block) -> bool:
    return block.text.rstrip()[-1:] in ":：↓👇" or READ_MORE.fullmatch(block.text) is not None


def bare_address(blocks: list[Block], _: Page) -> Judged:
    """A block that is nothing but an address, where it stands in no list of sources."""
    is_listed = False
    for block in blocks:
        if ADDRESS.fullmatch(block.text):
            if not is_listed:
                yield block, "bare_address"
        elif block.element in HEADINGS or block.text[-1:] in ":：":
            is_listed = SOURCES.search(block.text) is not None
        elif len(block.text) > LONGEST_LINE:
            is_listed = False


def after_promotion(blocks: list[Block], page: Page) -> Judged:
    """Short lines among and after pleas at the end of the text."""
    tail = blocks[-TAIL:]
    pleas = [
        at
        for at, block in enumerate(tail)
        if block.rule in {"promotion", "contact_line", "picture_of_a_code"}
    ]
    if len(pleas) < 2:
        return
    for block in tail[pleas[0] :]:
        if block.rule is None and (
            _is_all_links(block) or (block.hrefs and len(block.text) < LONGEST_LINE / 2)
        ):
            yield block, "after_promotion"


def bare(text: str) -> str:
    return NOT_WORD.sub("", text).casefold()
