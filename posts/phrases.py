"""Words that tell what a sentence is for, in zh-Hans, zh-Hant and en: data, all looked up in one pass over a text."""

from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

# Asks to subscribe, follow, pay, share, write, buy or scan; tells who owns it, made its music or its pictures, and
# what else there is to see.
PLEAS = """
订阅 訂閱 关注我 關注我 请关注 請關注 欢迎关注 歡迎關注 持续关注 持續關注 关注本 關注本 立即關注 立即关注 点赞 點讚 点个赞 點個讚 按讚 按赞 三连 三連 打赏 打賞 赞赏 讚賞 赞助 贊助 捐款
捐助 捐赠 捐贈 課金 课金 众筹 眾籌 小铃铛 小鈴鐺 支持我 支持本 支持連結 支持链接 支持鏈接 支持频道 支持頻道 支持城寨 支持創作 支持创作 支持一下 支持我們 支持我们 請我喝 请我喝 赏我 賞我
加入会员 加入會員 加入频道 加入頻道 加入我的 加入我們 加入我们 加入本 加入聊天 加入群 加入電報 加入电报 成为会员 成为此频道 成为本频道 成为这个频道 成為會員 成為此頻道 成為本頻道 成為這個頻道
成為我的 成為我們 会员专 会员链接 會員專 會員連結 會員計劃 会员计划 频道会员 頻道會員 会员福利 會員福利 喜欢我的 喜欢本 喜欢这个视频 喜欢的话 喜欢的朋友 喜歡我的 喜歡本 喜歡這個影片 喜歡的話
喜歡的朋友 下方留言 下面留言 影片下方 视频下方 評論區 评论区 留言区 留言區 留下您 留下你的 分享给 分享給 分享出去 分享本 转发给 轉發給 多多支持 多多分享 感谢大家 感谢您 感谢各位 感谢支持
感谢观看 感谢收看 感谢订阅 感謝大家 感謝您 感謝各位 感謝支持 感謝觀看 感謝收看 谢谢大家 谢谢您 谢谢各位 谢谢支持 谢谢观看 谢谢收看 謝謝大家 謝謝您 謝謝各位 謝謝支持 謝謝觀看 謝謝收看 感恩大家
感恩朋友 感恩您 感恩各位 合作邮箱 合作郵箱 合作联系 合作聯繫 合作聯絡 合作请 合作請 合作洽 商务合作 商务联系 商業合作 商務合作 联系方式 联系邮箱 联系我 聯繫方式 聯繫郵箱 聯繫我 聯絡方式
聯絡信箱 聯絡我 请联系 請聯繫 請聯絡 投稿 爆料 微信号 微信號 微信扫 微信打赏 公众号 公眾號 扫码 掃碼 二维码 二維碼 转载 轉載 转录 轉錄 搬运 搬運 未经授权 未经许可 未经允许 未经同意
未經授權 未經許可 未經允許 未經同意 版权所有 版权归 版權所有 版權歸 侵权 侵權 盗版 盜版 优惠码 優惠碼 折扣码 折扣碼 團購 团购 購買連結 购买链接 免费试用 免費試用 下载app 下載app
欢迎下载 歡迎下載 客户端下载 翻墙 翻牆 往期 相关视频 相關視頻 相關影片 推荐视频 視頻推薦 视频推荐 更多精彩 更多视频 更多影片 精彩内容 请继续收看 请继续关注 請繼續收看 請繼續關注 請大家繼續收看
点开视频 點開視頻 使用音乐 使用音樂 使用器材 背景音乐 背景音樂 摄影器材 攝影器材 拍摄器材 拍摄设备 拍攝器材 拍攝設備 配乐 配樂 音樂來源 音乐来源 旨在为 本频道 本頻道 这个频道 這個頻道
我的频道 我的頻道 欢迎收看 欢迎观看 欢迎大家来 歡迎收看 歡迎觀看 歡迎大家來 课程简章 課程簡章 简章 簡章 线上课 線上課 仅供参考 僅供參考 不代表本 免责声明 免責聲明 版權聲明 版权声明 追蹤我
追踪我 加我微信 加我line 进群 進群 交流群 粉丝群 粉絲群
""".split()
LATIN_PLEAS = """
subscrib; follow me; follow us; follow my; follow our; join me; join us; join my; join our; support me;
support us; support my; support our; support the channel; support this; support sasha; donat; patreon;
paypal; buy me a; merch; promo code; use code; sponsor; free trial; affiliate; my gear; my camera; my
setup; other channel; music by; music provided; music promoted; song by; track by; video by; film by; beat
by; credits:; credit:; music:; song:; provided by; promoted by; composed by; produced by; composer; bgm;
copyright; all rights reserved; creative commons; royalty; licensed under; license under; do not reup;
thanks for watching; thank you for watching; thank you for your support; thanks for your support; leave a
comment; leave a message; like button; the bell; click here; check out; links below; link below; links to;
link to my; contact me; contact us; contact:; business inquir; business enquir; fair use; disclaimer;
hashtags
""".replace("\n", " ").split("; ")
# announces who speaks, or what of, in the video that the text belongs to; before a colon
PEOPLE = """
主持: 主持人: 嘉宾: 嘉賓: 主讲: 主讲人: 主講: 主講人: 讲者: 講者: 来宾: 來賓: 话题: 話題: 话题一 话题二 话题三 話題一 話題二 話題三 题目: 題目: 主题: 主題: 劇情: 剧情:
导演: 導演: 编剧: 編劇: 旁白: 主演: 演員: 演员: 视频内容: 視頻內容: 影片內容: 内容章节: 章节内容: 內容章節: 内容简介: 內容簡介: 本期内容: 本集內容: 章节: 章節: 时间轴:
時間軸: guests: guest: hosts: host: speakers: speaker: topics: topic: chapters: timestamps:
""".split()


class Found:
    """Where the phrases of a list stand in a text."""

    __slots__ = ("_starts",)

    def __init__(self, starts: list[int]) -> None:
        self._starts = starts

    def __bool__(self) -> bool:
        return bool(self._starts)

    def first(self, start: int, end: int) -> int | None:
        """Give where the first phrase within a span begins."""
        if not self._starts:
            return None
        at = bisect_left(self._starts, start)
        return self._starts[at] if at < len(self._starts) and self._starts[at] < end else None


def found(text: str) -> tuple[Found, Found]:
    """Give where pleas stand in a text, and where people and topics are announced."""
    plain = text.lower().replace("：", ":").replace("︰", ":")
    pleas, people = list[int](), list[int]()
    if len(plain) == len(text):
        for number, start, _ in _matcher().find_matches_as_indexes(plain):
            (pleas if number < len(ALL_PLEAS) else people).append(start)
    return Found(pleas), Found(people)


ALL_PLEAS = sorted({*PLEAS, *(phrase.strip() for phrase in LATIN_PLEAS)})


@cache
def _matcher() -> "AhoCorasick":
    from ahocorasick_rs import AhoCorasick

    return AhoCorasick([*ALL_PLEAS, *PEOPLE])
