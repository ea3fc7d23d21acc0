"""Rules about the wording of short blocks that are not text of a post. A new rule is a row of TEXT_RULES."""

from posts.rules.credits import LABELS, ROLES
from posts.rules.rule import HEADINGS, Rule, Scope

_AGENCY = (
    "Getty(?: Images)?|AFP|Agence France-Presse|Reuters|Associated Press|AP(?: Photo)?|EPA(?:-EFE)?|Bloomberg(?: News)?|Xinhua|Unsplash|Pixabay|Pexels|Flickr|Shutterstock|iStock(?:photo)?|Alamy(?: Stock Photo)?|Magnum Photos|VCG|Visual China|CNS|ChinaFile|Imaginechina|ZUMA(?: Press)?|Redux|Corbis|Wikimedia Commons|Wikipedia|The New York Times|NYT|WSJ|Zuma|SIPA|DPA|Kyodo|Sputnik|TASS|Midjourney|DALL·?E"
    "|法新社|路透社?|美联社|美聯社|新华社|新華社|中新社|视觉中国|視覺中國|东方IC|東方IC|IC photo|人民视觉|澎湃影像|达志影像|達志影像|盖蒂图片|蓋蒂圖片|中央社|彭博社?|网络|網絡|網路|资料图片?|資料圖片?|受访者提供|受訪者提供|作者提供|本人提供|维基百科|維基百科"
)
# the first publication of an article is not the credit of a picture
_REPRINT = "原载|原載|首发|首發|原刊|刊于|刊於|转载|轉載|节选|節選|摘自"
# a credit followed by white space and a description
_WITH_DESCRIPTION = (
    r"\S{1,14}\s+(?!未经|未經|版权|版權|请勿|請勿|侵|转载|轉載|不得)[^\s/／|｜丨:：]*[\u4e00-\u9fff]{8}"
)
# what only widgets say, as a sentence or not
_WIDGET_PHRASES = r"(?:微信扫一扫.{0,20}|喜欢此内容的人还喜欢|预览时标签不可点|轻触阅读原文|继续滑动看下一个|以下文章来源于.{2,40}|(?:评论区|評論區)\s*(?:\d+\s*(?:条评论|條評論))?|\d[\d,.]*\s*(?:万|k)?\s*人(?:赞同|喜欢|收藏|关注|推荐)了?(?:该|此|这)?(?:文章|回答)?|赞同\s*\d.{0,40}|[+＋]\d+\s*(?:收藏|我要举报).{0,20}|我要举报|我来回应|这篇(?:影评|书评|剧评|乐评)可能有关键情节透露|没有媒体可用资源|嵌入分享|您可以选择使用以下代码嵌入.?|the code has been copied.{0,30}|skip .{1,30} and continue reading|跳过.{1,20}继续阅读|press enter or click to view.{0,30}|\d[\d.,]*k? followers?|help status about.{0,80}|read full story|IPFS 7.{0,20}|[-—=\s]*本文结束.{0,20}|(?:請|请)?(?:繼續|继续)往下(?:閱讀|阅读).{0,6}|(?:点击|點擊)(?:收听|收聽|播放|观看|觀看|查看大图|看大图|图片放大).{0,12}|CDT ?档案卡|\(visited \d.{0,40}\)|.{0,12}(?:吸菸有害健康|飲酒過量.{0,4}有害健康|禁止酒駕).{0,8}|※?\s*更多精彩.{0,12}|comments powered by .{1,40}|blog comments powered by .{1,40}|log in (?:or register )?to post comments|\w[\w\- ]*\.(?:jpe?g|png|gif|webp|bmp|heic|tiff?|svg)|这篇(?:影评|书评|剧评|乐评)?(?:可能)?有?(?:关键情节)?(?:有)?剧透.{0,12}|[—–-]+ ?end ?[—–-]+|展开全文|显示全部|加载中|no comments(?: yet)?|loading(?:\.+)?)"
# with a full stop or a question mark they are text: `Save it.`
_WIDGET_WORDS = r"(?:(?-i:null|undefined)|embed|share|end of .{1,30}|listen|written by|follow|發表意見|发表意见|添加评论|留下评论|分享到\s.{0,20}|分享\s*打印|更多.{0,12}(?:報導|报导|報道|报道)|(?-i:MORE)|tweet|pin it|advertisement\b.{0,60}|(?!(?:save|print|post|blog) (?:this|it)\s*[:：])(?:(?:email|share|tweet|pin|blog|post|print|save)\s(?:this|it|on|to)(?:\s(?:on|to)?\s?\w+)?[\W_]*+)++|(?:(?:分享|喜欢|喜歡|推荐|回应|回應|点赞|收藏|在看|转发|评论|留言|赞|讚|举报|舉報|阅读|閱讀|收起|展开|有用|没用)\s*+[\d,.]*+\+?万?\+?[\s·|]*+)++|(?:the )?end|likes?|email|print|save|comments?|reply|leave a (?:comment|reply)|add a comment|view comments|\d+ (?:comments?|likes?|shares?|claps?|responses?)|advertisement|sponsored|related(?: (?:articles?|posts?|stories|reading|content))?|more from .{1,40}|you (?:may|might) also like|recommended(?: for you)?|read next|up next|next|previous|back to top|table of contents|contents|toc|subscribe|sign in|log in|menu|search|home|skip to content|play|pause|mute|00:00|分享(?:到|至|此文|本文)?|转发|评论|評論|留言|点赞|收藏|在看|打赏|赞赏|目录|目錄|廣告|广告|返回顶部|回到頂部|上一篇|下一篇|上一页|下一页|[上下]一[篇页頁則则章][\s:：→←].{1,120}|prev(?:ious)?(?: post| article)?\s*[:：←].{1,100}|next(?: post| article)?\s*[:：→].{1,100}|暂无评论|發表評論|发表评论|分享到[:：].{0,60}|\d+ ?(?:条评论|人喜欢|人赞赏|次点赞|個讚|则留言|則留言))"
_SENTENCE = r".*[^.…][.。!！?？][\s)”’\"」』）]*\Z"
TAGS_REASON = "tags are a column of their own"
# not the numbers of parts (`#1`), and no sentences: `#2. Who gave the lamp its name?`
HASHTAGS = r"(?![#＃]\d++[\W_]*\Z)(?:[^\w#＃]*+[#＃]++[^\s#＃.。！!？?，,、；;：:]{1,40}+)++[\W_]*"
TEXT_RULES: tuple[Rule, ...] = (
    Rule(
        "photo_credit",
        "who made the picture, with no word on what it shows",
        Scope.BLOCK | Scope.SINGLE_TEXT,
        pattern=rf"[\W_]*(?:(?:photos?|photographs?|photography|pictures?|images?|illustrations?|graphics?|art(?:work)?|videos?|cover|header)\s*(?:(?:is|are|was)\s+)?(?:credits?\s*:?|by\b|:|from\b|via\b|©|courtesy(?: of)?\b|source\s*:?)[^\n]{{0,90}}"
        rf"|(?:credits?|courtesy(?: of)?|图源|圖源|图/|圖/|©|source|(?:来源|來源)(?![于於].{{0,6}}(?:公众号|公眾號|公號|作者)))\s*[:：/]?\s*(?!.{{0,8}}(?:{_REPRINT}))[^\n。]{{1,60}}(?<![.?!])"
        rf"|(?:图片|圖片|图像|圖像|照片|配图|题图|題圖|封面图?|图|圖|插图|插圖|影像|影片|视频|視頻|短片|画面|畫面|截图)\s*(?:的)?(?:来源|來源|源自|来自|來自|出处|出處|版权|版權|提供|取自|授权|截自|引自|致谢|by|via|credit)\s*[/／|｜丨:：,，]?\s*(?!{_WITH_DESCRIPTION})[^\n。]{{0,60}}"
        r"|(?:图片|圖片|照片|图表|圖表|漫画|漫畫|影片|视频|視頻)由[^\n。！？，]{1,24}(?:提供|整理|制作|製作|绘制|繪製|拍摄|拍攝|授权|授權)"
        rf"|(?:摄影|攝影|摄|攝|供图|供圖)(?:师|師|者)?\s*[/／|｜丨:：]\s*[^\n。！？]{{1,40}}|(?:图|圖|图片|圖片|照片|插图|漫画|题图|題圖|配图|封面图)\s*[/／|｜丨:：]\s*(?:[^\n。！？，,]{{1,14}}|[^\n。！？]{{0,20}}(?:来自|來自|来源|來源|源于|源於|源自|网络|網絡|網路|提供|截图|截圖|授权|{_AGENCY})[^\n。！？]{{0,30}})"
        rf"|(?:(?:[^\n。！？\u3400-\u9fff]{{0,60}}|[^\n。！？，,的]{{0,10}})(?:[—–/／|,，:：\-]|\bvia\b|\bfor\b)\s*)?(?:{_AGENCY})(?:\s*[/／|—–,，\-]\s*[\w .]{{0,40}})?(?:\s*(?:图片|圖片|图|圖|摄|供图))?"
        rf"|\((?:header|lead|top) image[:：]?[^\n]{{1,160}}\)|[^\n。！？，的（(]{{1,14}}[/／ ](?:摄|攝|供图|供圖|摄影|攝影|绘|繪|图|圖))[\W_]*",
        keywords=(
            (
                "photo image picture illustration graphic art video cover header credit courtesy © source getty afp "
                "agence reuters ap epa bloomberg xinhua unsplash pixabay pexels flickr shutterstock istock alamy "
                "magnum vcg visual cns chinafile zuma redux corbis wiki nyt new york times wsj sipa dpa kyodo sputnik "
                "tass midjourney dall 图 圖 来源 來源 照片 影像 影片 视频 視頻 短片 画面 畫面 截图 摄 攝 漫画 漫畫 供 绘 繪 法新 路透 美联 美聯 新华 新華 中新 视觉 視覺 东方ic 東方ic 澎湃 达志 "
                "達志 盖蒂 蓋蒂 中央社 彭博 网络 網絡 網路 资料 資料 提供 维基 維基"
            ),
        ),
    ),
    Rule(
        "credit_line",
        "who wrote, translated, edited or made it: metadata",
        Scope.EDGE,
        pattern=r"[\W_]*(?:by\b|written by|text by|words by|translated by|edited by|reporting by|reported by|story by|compiled by|author:|editor:|translator:)\s*[^\n.!?]{2,60}"
        r"|[\W_]*(?:作者|role|职务|職務)\s*[,，]\s*[^\n。！？，,]{2,30}|[\u4e00-\u9fff]{2,10}(?:记者|記者|实习生)\s+[\u4e00-\u9fff]{2,4}(?:\s+(?:发自|發自|[\u4e00-\u9fff]{2,4}).{0,12})?|[\u4e00-\u9fff]{0,10}记者[\u4e00-\u9fff]{2,4}(?:采访|综合)?报道[，,。 ]+(?:责编|网编|编辑)[^\n。]{0,30}|[\W_]*(?:contributions?|with contributions|additional reporting)\s*(?:by|:)[^\n]{2,90}"
        r"|[\W_]*(?:WeChat editor|reviewer|images? from|editor|proofreader|translation|author)\s*[:：|｜]\s*[^\n]{1,40}"
        rf"|[\W_]*{LABELS}\s+[^\s。！？，]{{1,8}}"
        r"|[\W_]*[^\s。！？，]{0,24}(?:编辑委员|編輯委員|论说委员|論說委員|评论员|評論員|撰稿人|特派员|特派員|研究员|研究員)[ \u3000]+[\u4e00-\u9fff·]{2,8}[\W_]*"
        r"|[\W_]*以上是[^\n。]{0,24}(?:记者|記者)[^\n。]{2,24}(?:报[道导]|報[道導])[\W_]*"
        r"|[^\s。！？，]{0,20}《[^》\n]{1,24}》\s*(?:节目|節目)?(?:制作|製作|节目|節目|编辑|編輯|报道|報導|摄制|攝製)(?:组|組|团队|團隊|部)[\W_]*",
        keywords=(
            (
                "》 委员 委員 论员 論員 撰稿人 特派 研究 role 职务 職務 contribut additional 实习生 by translat edit report story compiled author written text words review image proofread"
                f" {ROLES.replace(chr(124), chr(32))}"
            ),
        ),
    ),
    Rule(
        "dateline",
        "date, length and counts are metadata",
        Scope.EDGE | Scope.SINGLE_TEXT,
        # without a digit it is a word of a heading
        pattern=r"(?=.*[0-9])(?:[\W_]*(?:(?:发布|發布|发表|發表|编辑|編輯|最后更新|最後更新|最近更新|最后编辑|上次更新|更新|日期|时间|時間|刊于|原载|date|published|posted|updated|last updated|first published)\s*(?:于|於|时间|時間|日期|on|at|:|：)?\s*[:：]?\s*)?"
        r"(?:(?:19|20)\d\d\s*[-./年]\s*\d{1,2}\s*[-./月]\s*\d{1,2}\s*日?(?:\s*(?:星期|周|週)[一二三四五六日天])?(?:[\sT,]*\d{1,2}:\d\d(?::\d\d)?)?"
        r"|(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?|(?:mon|tue|wed|thu|fri|sat|sun), \d{1,2} [a-z]{3} (?:19|20)\d\d(?: \d\d:\d\d(?::\d\d)?)?(?: [+-]\d{4}| GMT)?|\d{1,2}[./-]\d{1,2}[./-](?:(?:19|20)\d\d|\d\d)|(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d\d|\d{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (?:19|20)\d\d)[\W_]*"
        r"|(?:19|20)\d\d\s*[-./年]\s*\d{1,2}\s*[-./月]\s*\d{1,2}\s*日?(?:[\sT]*\d{1,2}:\d\d(?::\d\d)?)?[\s\W]{0,6}(?:(?:作者|编辑|編輯|责编|记者|記者|阅读|閱讀|栏目|出处)(?:数|量|次数)?\s*[:：|｜(（\d]|来源|來源|点击|浏览|瀏覽|字号|分享|举报|打印|IP ?属地).{0,120}(?<!。)"
        r"|[\W_]*(?:本文)?(?:(?:共|约|約|全文|字数|字數|阅读|閱讀|预计|預計|需要?|大约|大約|时间|時間|时长|時長|计|計|[\s:：,，、/|·;；（(]|\d[\d,.]*+\s*+(?:千|万|萬)?(?:字|分钟|分鐘|次阅读|次閱讀|views?|reads?|words?|min(?:ute)?s?))\s*+)++(?:read|reading time|阅读|閱讀|读完|可读完|左右)?[\W_]*)",
        keywords=("0 1 2 3 4 5 6 7 8 9",),
        # a heading that is a date begins a part of a chronicle; a date below a picture is when it was taken
        excluded_elements=HEADINGS | {"figcaption", "li", "td"},
    ),
    Rule(
        "syndication_notice",
        "where the feed or the page comes from",
        Scope.BLOCK | Scope.SINGLE_TEXT,
        pattern=r"(?:(?:this |rss )?feed )?(?:enhanced|generated|provided|powered) by .{1,80}|[\W_]*\(?feed generated with .{1,40}|[\W_]*(?:获取|獲取|订阅|訂閱)更多\s*(?:RSS|feeds?)[^。]{0,120}|.{0,200}\bwas originally published (?:in|on) .{1,120} on Medium, where people are continuing the conversation.*"
        r"|[\W_]*the post .{1,200} (?:appeared first|first appeared) on .{1,100}"
        r"|[\W_]*(?:continue reading|read (?:more|on|the (?:full|rest|original|whole))|view (?:original|this post|full)|see (?:more|full)|click (?:here )?to read|keep reading)\b.{0,80}"
        r"|[\W_]*+(?:点击|點擊|点此|點此|请|請)?\s*(?:左下角|下方|这里|這裡|此处|此處)?\s*[「“\"【]?(?:阅读|閱讀|查看本文|查看|继续阅读|繼續閱讀|繼續看|浏览|展开|展開)(?:全文|原文|更多|完整|余下全文|正文|详情|詳情|網頁版|网页版|[中英日法德]文版|[中英日法德]文原文)[」”\"】]?.{0,24}",
        keywords=(
            "feed medium rss enhanced generated provided powered appeared continue read view see click keep 阅读 閱讀 查看 看 浏览 展开 展開",
        ),
    ),
    Rule(
        "rights_notice",
        "rights and terms of the site",
        Scope.BLOCK | Scope.SINGLE_TEXT,
        pattern=r"(?!\[\^)[\W_]*(?:©|\(c\)\s*(?:19|20)\d\d|copyright\b|all rights reserved|版权(?:声明|所有|归|說明)|版權(?:聲明|所有|歸)|(?:著作权|著作權)(?:归|歸|所有|属|屬|聲明|声明)|转载(?:请|须|需|授权|声明|自由)|轉載(?:請|須|需|授權|聲明)|未经(?:授权|许可|允许|同意|本)|未經(?:授權|許可|允許|同意|本)|欢迎(?:转载|轉載)|歡迎轉載|如需(?:转载|轉載)|本文(?:由|系|係)?.{0,20}(?:独家授权|授权(?:发布|转载(?!自)|刊发)|版权归|版權歸|不代表)|(?:免责|免責|特别|特別|法律|郑重|鄭重)(?:声明|聲明)|disclaimer|notice: the content|本文仅代表|文章仅代表|以上(?:内容|观点)仅代表|(?:该文|此文|文章|本文|本内容)(?:观点|内容|为|只|仅)?(?:只|仅|僅)?代表(?:作者|特约)|本(?:文|内容)(?:系|为|係|為).{0,24}(?:原创|独家|独立观点)|本文首发于.{0,24}(?:未经|不得转载)|本(?:網站|网站)之.{0,40}(?:授權|授权)|.{0,14}未[经經](?:正式|账号|帳號)?(?:授权|授權|许可|許可)[，,、 ]{0,2}(?:不得|禁止|严禁|嚴禁|请勿|請勿|谢绝)|.{0,8}(?:传媒|傳媒|新闻|新聞|社|报|報|网|網|杂志|周刊)版[权權]所有|(?:文中|文内|以上|本文)(?:内容|內容|观点|觀點)?并?不代表.{1,12}(?:观点|觀點|立场|立場)|本文(?:转载|轉載)自公[众眾][号號]$|.{0,14}欢迎分享.{0,10}本作品的?版权|CC[ -]BY|請同意我們的隱私權|當您使用本網站|如对本稿件有异议|.{0,30}(?:谢绝|禁止|严禁|請勿|请勿)(?:转载|轉載)|(?:侵权|侵權)|(?:本作品|本文|this work|except where).{0,30}(?:\bCC[ -](?:BY|0|4|3)|CC0|Creative Commons|知识共享|創用|licensed under)).{0,190}"
        r"|.{0,80}(?:版权归(?:原)?作者所有|版權歸原作者所有|转载请注明(?:出处|来源)|轉載請註明|侵删|侵刪|联系删除|聯繫刪除|不代表(?:本[^人文]{0,6}|.{0,10}(?:网|網|社|报|報|刊|台|平台|新闻|新聞|号|虎嗅))的?(?:任何)?(?:观点|立场|立場|觀點)).{0,80}",
        keywords=(
            (
                "© (c) copyright rights 版权 版權 著作 转载 轉載 授权 授權 许可 允许 允許 許可 同意 未经 未經 代表 谢绝 禁止 严禁 请勿 請勿 侵 作品 license "
                "creative cc 共享 創用 声明 聲明 disclaimer notice 删除 刪除"
            ),
        ),
        excluded_elements=HEADINGS,
    ),
    Rule(
        "picture_of_a_code",
        "what to scan",
        Scope.BLOCK,
        pattern=r"[^。！？]{0,24}(?:(?:长按|長按|微信|手机|请|請|可|欢迎|歡迎|点击|點擊|用|并|與)?(?:扫描?|掃描?|识别|識別|扫一扫|掃一掃|打开|長按|长按)[^。！？，]{0,10}(?:二维码|二維碼|QR ?code|小程序码)|扫码(?:可?领取|关注|加入|加|添加|下载|报名|领取|购买|进群|入群|收听|阅读|查看|了解|联系|支持|赞赏|订阅|咨询|观看|参与)|掃碼(?:關注|加入|加|下載|報名|購買|收聽|閱讀|查看|支持|訂閱|觀看|參與)|长按(?:识别|上图|下图|图片|关注|二维码)|長按(?:識別|圖片)|(?:识别|識別)[图圖]中|[上下][方图圖](?:的)?(?:二维码|二維碼))[^。！？]{0,40}[\W_]*",
        keywords=("扫 掃 长按 長按 识别 識別 二维码 二維碼 qr",),
        excluded_elements=HEADINGS,
    ),
    Rule(
        "tag_line",
        TAGS_REASON,
        Scope.EDGE | Scope.SINGLE_TEXT,
        pattern=r"[\W_]*(?:tags?|标签|標籤|标签云|关键词|關鍵詞|關鍵字|关键字|keywords?|categories|category|分类|分類|filed under|topics?|posted in|tagged(?: with)?)\s*[:：|｜](?:[^。！？.]|\.(?!\s)){1,120}",
        keywords=("tag 标签 標籤 关键 關鍵 keyword categor 分类 分類 filed topic posted",),
        excluded_elements=HEADINGS,
    ),
    # a block of hashtags is dropped only in its place, see `is_place_of_tags`
    Rule(
        "tag_line",
        TAGS_REASON,
        Scope.BLOCK | Scope.SINGLE_TEXT,
        pattern=HASHTAGS,
        keywords=("# ＃",),
        excluded_elements=HEADINGS | {"pre"},
    ),
    Rule(
        "widget_words",
        "words of buttons and counters",
        Scope.EDGE,
        pattern=rf"[\W_]*(?:{_WIDGET_PHRASES}|(?!{_SENTENCE}){_WIDGET_WORDS})[\W_]*",
        keywords=(
            (
                "share tweet pin like email print save comment reply leave view response loading advert sponsor "
                "related more you recommend read next previous prev back contents toc follow subscribe sign log menu "
                "search home skip play pause mute 00:00 .jp .png .gif .webp .bmp .svg .heic .tif disqus blog end clap "
                "分享 转发 评论 評論 留言 点赞 收藏 在看 打赏 赞 讚 目录 目錄 廣告 广告 返回 回到 上一 下一 暂无 发表 發表 喜欢 喜歡 推荐 回应 回應 举报 舉報 阅读 閱讀 收起 展开 显示 "
                "加载 有用 没用 剧透 微信扫 还喜欢 标签 轻触 滑动 来源于 評論區 评论区 人赞 人喜欢 赞同 举报 关键情节 媒体可用 嵌入 skip end press listen followers written help read ipfs 本文结束 全文完 往下 点击 點擊 意見 意见 打印 档案卡 null undefined visited 有害健康 酒駕 更多 正文"
            ),
        ),
        # the author's name for what a box holds
        excluded_elements=frozenset({"summary"}),
    ),
    Rule(
        "caption_label",
        "says for those who cannot see it that a caption follows",
        Scope.BLOCK,
        pattern=r"[\W_]*(?:(?:图像|圖像|图片|圖片|影像|视频|視頻|影片|音频|音頻|媒体|媒體)(?:加注|加註)文字|(?:图片|圖片)?(?:说明|說明)文字|(?:image|media|video|audio) (?:caption|source))[\W_]*",
        keywords=("文字 caption source",),
    ),
    Rule(
        "player_message",
        "what a player says where it cannot play",
        Scope.BLOCK,
        pattern=r"[\W_]*(?:(?:你|您)的(?:器材|设备|設備|装置|裝置|浏览器|瀏覽器)(?:不支持|不支援|无法|無法).{1,24}|your (?:browser|device) (?:does not|doesn.t|cannot|can.t) (?:support|play).{1,60})",
        keywords=("器材 设备 設備 装置 裝置 浏览器 瀏覽器 browser device",),
        excluded_elements=HEADINGS,
    ),
    Rule(
        "player_times",
        "the clock of a player",
        Scope.BLOCK | Scope.SINGLE_TEXT,
        pattern=r"[\W_]*\d{1,2}:\d\d(?::\d\d)?(?:\s*[/|-]\s*-?\d{1,2}:\d\d(?::\d\d)?)*[\W_]*|\d{1,3}\s*/\s*\d{1,3}",
        keywords=(": /",),
    ),
    Rule(
        "contact_line",
        "addresses and accounts",
        Scope.EDGE,
        pattern=r"(?:[\W_]*+(?:(?:my |our )?(?:facebook|fb|twitter|x|instagram|ig|youtube|telegram|tg|line|weibo|wechat|discord|matters|medium|linkedin|tiktok|threads|podcast|spotify|apple podcasts?|soundcloud|patreon|paypal|btc|eth|bitcoin|github|website|web|blog|email|e-mail|mail|contact|homepage)|脸书|臉書|推特|微博|微信|电报|電報|油管|播客|支付宝|支付寶|户名|戶名|账号|帳號|开户行|(?:新闻|爆料|投诉|服务)?(?:热线|熱線)|电话|電話|客服|网站|網站|官网|官網|邮箱|郵箱|信箱|電郵|电邮|联系(?:方式|邮箱|我们)?|聯絡(?:方式|信箱|我們)?|聯繫|合作(?:聯繫|联系|邮箱|邀約)?|商務合作|商务合作|投稿(?:邮箱|信箱)?|投诉(?:邮箱|信箱)?|爆料(?:邮箱|信箱)?|[\u4e00-\u9fff]{0,6}报料|新浪微博|微信公众号|商務合作|入群方式|听友群|聽友群|小红书)[^\n。！？:：|｜@]{0,12}+[:：|｜@]\s*+@?+[\w.@/?=&%+#:\-]{2,120}+[\W_]*+)++"
        r"|[\W_]*(?:比特币|比特幣|以太坊|USDT|BTC|ETH)[^\n:：]{0,8}[:：]\s*[A-Za-z0-9]{20,}[\W_]*",
        keywords=(": ： | ｜ @",),
        excluded_elements=HEADINGS | {"figcaption"},
    ),
)
