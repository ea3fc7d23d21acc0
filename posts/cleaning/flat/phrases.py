"""Phrases of requests and introductions in zh-Hans, zh-Hant and en, all looked up in one pass over a text."""

from bisect import bisect_left
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

# Requests to subscribe, follow, pay, share, write, buy or scan; notices about rights, about the makers of
# music and pictures, and about other videos.
CALL_TO_ACTION_PHRASES = """
订阅 訂閱 微信联络 微信聯絡 加微信 頻道的會員 频道的会员 會員專屬 会员专属 說的會員 無廣告 无广告 广告看好 关注我 關注我 请关注 請關注 欢迎关注 歡迎關注 关注本 關注本 立即關注 立即关注 点个赞 點個讚 按讚 按赞 三連 小铃铛
小鈴鐺 支持本 支持連結 支持链接 支持鏈接 支持频道 支持頻道 支持創作 支持创作 支持一下 支持我們 支持我们 請我喝 请我喝 加入会员 加入會員 加入频道
加入頻道 加入我的 加入我們 加入我们 加入本 加入聊天 加入群 加入電報 加入电报 成为此频道 成为本频道 成为这个频道 成為此頻道 成為本頻道 成為這個頻道 成為我的 成為我們 会员专
会员链接 會員專 會員連結 會員計劃 会员计划 频道会员 頻道會員 会员福利 會員福利 喜欢我的 喜欢本 喜欢这个视频 喜欢的话 喜欢的朋友 喜歡我的 喜歡本 喜歡這個影片 喜歡的話
喜歡的朋友 下方留言 下面留言 影片下方 视频下方 留下您 留下你的 分享出去 分享本 转发给 轉發給 多多支持 多多分享 感谢支持 感谢观看 感谢收看 感谢订阅 感謝支持
感謝觀看 感謝收看 谢谢支持 谢谢观看 谢谢收看 謝謝支持 謝謝觀看 謝謝收看 感恩朋友 合作邮箱 合作郵箱 合作联系 合作聯繫 合作聯絡 合作请 合作請 合作洽 商务合作
商务联系 商業合作 商務合作 联系方式 联系邮箱 聯繫方式 聯繫郵箱 聯絡方式 聯絡信箱 微信扫 微信打赏 版权所有 版權所有 优惠码 優惠碼 折扣码 折扣碼 購買連結
购买链接 免费试用 免費試用 下载app 下載app 欢迎下载 歡迎下載 客户端下载 往期 推荐视频 視頻推薦 视频推荐 更多精彩 更多视频 更多影片 精彩内容 请继续收看 请继续关注
請繼續收看 請繼續關注 請大家繼續收看 点开视频 點開視頻 使用器材 拍摄设备 拍攝設備 音樂來源 音乐来源 我的频道 我的頻道 欢迎大家来 歡迎大家來 课程简章 課程簡章 简章 簡章
线上课 線上課 不代表本 免责声明 免責聲明 版權聲明 版权声明 追蹤我 追踪我 加我微信 加我line 进群 進群 交流群 粉丝群 粉絲群 关注公众号 关注微信公众号
關注公眾號 搜索公众号 公众号: 公眾號: 我的公众号 微信号: 微信號: 微信: 加微信 添加微信 赞助我 赞助本 赞助频道 赞助链接 赞助: 赞助方 冠名赞助 贊助我
贊助本 贊助頻道 贊助連結 贊助: 贊助商 冠名贊助 您的赞助 您的贊助 贊助柳 欢迎捐款 歡迎捐款 捐款支持 捐款: 捐款链接 捐款連結 捐款方式 接受捐款 免稅捐款
欢迎捐助 歡迎捐助 接受捐助 捐助我 捐助本 捐助: 欢迎捐赠 捐赠: 捐贈: 捐贈本 请持续关注 請持續關注 敬请持续 敬請持續 欢迎持续 歡迎持續 爆料邮箱 爆料信箱
爆料热线 爆料: 欢迎爆料 歡迎爆料 投稿邮箱 投稿信箱 投稿: 欢迎投稿 歡迎投稿 翻墙上网 翻墙软件1 翻墙办法 翻墙软件) 翻墙信息 严禁转载 嚴禁轉載 请勿转载 請勿轉載
禁止转载 禁止轉載 谢绝转载 不得转载 不得轉載 转载请 轉載請 转载须 轉載須 转载需 欢迎转载 歡迎轉載 非本公号原创 请勿转录 請勿轉錄 请勿搬运 請勿搬運 禁止搬运
擅自搬运 严禁搬运 未经本 未經本 授权不得 授權不得 未经授权 未經授權 版权归本 版权归原 版權歸 违者必究 侵权必究 侵權必究 如有侵权 如有侵權 侵权请 侵權請
侵权联系 侵权删 一键三连 一鍵三連 求三连 三连支持 素质三连 点赞、 点赞订 点赞关 点赞转 点赞分 点赞+ 点赞, 点赞，订 点赞，转 点赞，关 记得点赞
请点赞 帮忙点赞 点赞并 點讚、 點讚訂 點讚分 點讚+ 點讚，訂 記得點讚 請點讚 給個讚 幫忙點讚 多点赞 多點贊 點贊、 點贊訂 點贊轉 欢迎打赏
歡迎打賞 打赏: 打賞: 打赏我 打赏链 打賞鏈 打賞連 打赏支持 paypal打 paypl打 payapl打 欢迎赞赏 赞赏码 赞赏: 讚賞: 讚賞連結 讚賞碼 众筹链接
眾籌連結 众筹: 眾籌: 课金: 課金: 課金支持 課金連結 繼續課金 评论区留言 评论区告诉 在评论区 評論區留言 評論區告訴 在評論區 留言区告诉 留言區告訴 留言区留言 留言區留言
下方评论 下方評論 评论留言 分享给更多 分享給更多 分享给朋友 分享給朋友 请分享 請分享 感谢大家观看 感谢大家收看 感谢大家的支持 感谢大家支持 感谢大家对我 感謝大家觀看 感謝大家收看 感謝大家的支持 感謝大家支持
感谢您的支持 感谢您的观看 感谢您观看 感謝您的支持 感謝您的觀看 感谢各位的支持 感謝各位的支持 感謝各位訂 谢谢大家观看 谢谢大家收看 谢谢大家的支持 谢谢大家支持 謝謝大家觀看 謝謝大家收看 謝謝大家的支持 謝謝大家支持 谢谢您的支持 謝謝您的支持
支持广告 支持廣告 广告看完 廣告看完 广告看好 廣告看好 拍片不易 库存视频 庫存視頻 扫二维码 掃二維碼 扫描二维码 掃描二維碼 下方二维码 下方二維碼 添加二維碼 长按二维码 中的二维码
扫码添加 扫码加 扫码关 扫码下 扫码进 扫码购 扫码登 掃碼加 掃碼關 掃碼訂 掃碼下 扫一扫 掃一掃 扫一扫二维码 订阅本频道 訂閱本頻道 欢迎来到本频道 歡迎來到本頻道
本频道会员 本頻道會員 本频道的会员 本頻道的會員 本频道旨在 本频道致力 本频道视频 本频道直播 本頻道直播 本頻道所有 本频道未经 本频道中间 本頻道中間 传播本頻道 傳播本頻道 关注这个频道 在这个频道 在這個頻道
配乐: 配樂: 摄影器材: 攝影器材: 拍摄器材: 拍攝器材: 拍摄设备: 拍攝設備: 背景音乐: 背景音樂: 使用音乐: 使用音樂: 片头音乐 片尾音乐 麦克风: 相机: 鏡頭: 相关视频推荐
相关视频内容 相关视频链接 相关视频: 相關視頻: 相關視頻推薦 相關影片: 延伸觀看 推薦影片 推荐影片 团购链接 團購連結 團購: 团购: 團購一定 内容仅供参考 內容僅供參考 仅供参考，不 僅供參考，不
不构成投资 不構成投資 联系我: 联系我们 聯繫我: 聯繫我們 聯絡我: 聯絡我們 请联系本 请联系: 請聯繫: ，請聯繫 ，请联系 可以联系我 支持我的 支持我: 支持我繼 支持我继
支持我创 支持我創 赏我杯 賞我杯 賞我一杯 欢迎成为会员 歡迎成為會員 成為會員: 成为会员: 加入会员: 加入會員:
""".split()
LATIN_CALL_TO_ACTION_PHRASES = """
subscribe to; subscribe:; please subscribe; subscribe now; subscribe for; subscribe and; subscribe &; subscribe!; subscribe my; to subscribe; subscribing; follow me; follow us; follow my; follow our; join me on; join us; join my; join our; support me;
support us; support my; support our; support the channel; support this; donat; patreon;
paypal; buy me a; merch; promo code; use code; sponsored by; sponsoring; our sponsor; sponsor of; sponsor:; free trial; affiliate; my gear; my camera; my
setup; other channel; music by; music provided; music promoted; song by; track by; video by; film by; beat
by; credits:; credit:; music:; song:; provided by; promoted by; composed by; produced by; composer; bgm;
copyright; all rights reserved; creative commons; royalty; licensed under; license under; do not reup;
thanks for watching; thank you for watching; thank you for your support; thanks for your support; leave a
comment; leave a message; like button; the bell; click here; check out; links below; link below; links to;
link to my; contact me; contact us; contact:; business inquir; business enquir; fair use; disclaimer;
hashtags
""".replace("\n", " ").split("; ")
# labels before the speakers, the topics or the chapters of the video that the text belongs to
INTRODUCTION_PHRASES = """
主持: 主持人: 嘉宾: 嘉賓: 主讲: 主讲人: 主講: 主講人: 讲者: 講者: 来宾: 來賓: 话题: 話題: 话题一 话题二 话题三 話題一 話題二 話題三 题目: 題目: 主题: 主題: 劇情: 剧情:
导演: 導演: 编剧: 編劇: 旁白: 主演: 演員: 演员: 视频内容: 視頻內容: 影片內容: 内容章节: 章节内容: 內容章節: 内容简介: 內容簡介: 本期内容: 本集內容: 章节: 章節: 时间轴:
時間軸: guests: guest: hosts: host: speakers: speaker: topics: topic: chapters: timestamps:
""".split()


class PhrasePositions:
    """The positions of the phrases of a list in a text."""

    __slots__ = ("_starts",)

    def __init__(self, starts: list[int]) -> None:
        self._starts = starts

    def __bool__(self) -> bool:
        return bool(self._starts)

    def first_in(self, start: int, end: int) -> int | None:
        """Return where the first phrase in a span begins; None if there is none."""
        if not self._starts:
            return None
        index = bisect_left(self._starts, start)
        return self._starts[index] if index < len(self._starts) and self._starts[index] < end else None


def find_phrases(text: str) -> tuple[PhrasePositions, PhrasePositions]:
    """Return the positions of requests in a text, and of introductions of people and topics."""
    normalized = text.lower().replace("：", ":").replace("︰", ":")
    calls_to_action: list[int] = []
    introductions: list[int] = []
    if len(normalized) == len(text):
        for index, start, _ in _matcher().find_matches_as_indexes(normalized):
            (calls_to_action if index < len(ALL_CALL_TO_ACTION_PHRASES) else introductions).append(start)
    return PhrasePositions(calls_to_action), PhrasePositions(introductions)


ALL_CALL_TO_ACTION_PHRASES = sorted(
    {*CALL_TO_ACTION_PHRASES, *(phrase.strip() for phrase in LATIN_CALL_TO_ACTION_PHRASES)}
)


@cache
def _matcher() -> "AhoCorasick":
    from ahocorasick_rs import AhoCorasick, Implementation

    phrases = [*ALL_CALL_TO_ACTION_PHRASES, *INTRODUCTION_PHRASES]
    # a DFA takes 2 MB, and half of the time of an NFA
    return AhoCorasick(phrases, implementation=Implementation.DFA)
