"""The texts of the page, in Chinese and English."""

from collections.abc import Mapping

from schemas.enums import PageLanguage

Translations = Mapping[str, str]

# the key for languages that are written in one script
NO_SCRIPT = "no_script_code"
# key -> text in Chinese, text in English, in the order of PageLanguage
TRANSLATIONS: Mapping[str, tuple[str, str]] = {
    # the head
    "title": ("数据湖报告", "Lake report"),
    "made": ("制作时间", "Made"),
    "language": ("语言", "Language"),
    "source": ("来源", "Source"),
    "all": ("全部来源", "All sources"),
    "rest": ("另有 {n:,} 个来源", "and {n:,} more sources"),
    "others": ("其他来源", "Other sources"),
    "pick": ("选择来源", "Pick a source"),
    "pick_note": (
        "只影响「文章数量」和「正文长度」两图。",
        "Applies to the charts of posts and of text length.",
    ),
    "posts": ("文章", "Posts"),
    "sources": ("来源", "Sources"),
    "span": ("起止日期", "From – to"),
    "rejected": ("被拒文件", "Rejected files"),
    "last_run": ("上次运行", "Last run"),
    "balanced": ("账目相符", "balanced"),
    "unbalanced": ("账目不符", "NOT balanced"),
    "withdrawn": ("已撤回", "withdrawn"),
    "ignored": ("忽略", "ignored"),
    "size": ("大小", "Size"),
    "never": ("尚无", "none yet"),
    "alarms": ("提醒", "To look at"),
    "alarms_none": ("最近的运行没有提醒。", "The last runs raised no alarm."),
    "as_table": ("表格", "As a table"),
    "no_script": (
        "图表需要 JavaScript；下面的表格不需要。",
        "The charts need JavaScript; the tables below do not.",
    ),
    "chart_failed": ("图表没有画出来；请看下面的表格。", "This chart could not be drawn; see the tables."),
    "before": ("更早的 {n:,} 篇未画出", "{n:,} earlier posts are not drawn"),
    "after": ("日期在未来的 {n:,} 篇未画出", "{n:,} posts dated in the future are not drawn"),
    "more_sources": ("另有 {n:,} 个较小的来源未单列", "{n:,} smaller sources have no row of their own"),
    "no_posts": ("这个湖里还没有文章。", "There are no posts in this lake yet."),
    "made_by": ("由 postlake report 制作；时间均为 UTC。", "Made by postlake report; all times are UTC."),
    # sections: title, what it shows
    "h_posts": ("文章数量", "Posts over time"),
    "p_posts_day": ("各来源每天的文章数。", "Posts per day, by source."),
    "p_posts_week": ("各来源每周（周一起）的文章数。", "Posts per week from Monday, by source."),
    "p_posts_month": ("各来源每月的文章数。", "Posts per month, by source."),
    "p_posts_year": ("各来源每年的文章数。", "Posts per year, by source."),
    "h_calendar": ("覆盖日历", "Calendar of coverage"),
    "p_calendar": (
        "每个来源在每段时间的文章数；首末两篇之间的细线露出的地方没有文章。",
        "Posts of each source in each period. Where the thin line between its first and last post shows, there is none.",
    ),
    "h_lengths": ("正文长度", "Length of text"),
    "p_lengths": (
        "有正文的文章的字符数：横线为中位数，色块为中间的一半（四分位数之间）。对数刻度。",
        "Characters of posts that have text: the line is the median, the box the middle half (between the quartiles). Logarithmic.",
    ),
    "h_boilerplate": ("样板文字比例", "Boilerplate"),
    "p_boilerplate": (
        "清洗时去掉的字符占全部字符的百分比。同一行的颜色突然变化，说明网站改版或清洗规则不再适用。",
        "Share of characters that cleaning left out, in per cent. A row whose colour changes at once tells of a new layout.",
    ),
    "h_languages": ("语言", "Languages"),
    "p_languages": ("各语言和字体的文章数。", "Posts by language and script."),
    "h_fresh": ("更新情况", "Freshness"),
    "p_fresh": (
        "每个来源从第一篇到最后一篇；虚线是最近一次读取的日子。超过平时最长间隔三倍没有文章的来源为沉默。",
        "Each source from its first to its last post; the dashed line is the day of the last reading. A source is silent after three times its usual longest gap.",
    ),
    "h_rejects": ("被拒和忽略的文件", "Rejected and ignored files"),
    "p_rejects": ("没有成为文章的文件，按原因。", "Files that did not become posts, by reason."),
    "p_reject_runs": (
        "最近各次运行中被拒或忽略的文件数，按原因。",
        "Files rejected or ignored in each of the last runs, by reason.",
    ),
    "rejects_none": ("没有被拒或忽略的文件。", "No file was rejected or ignored."),
    "h_sizes": ("湖的大小", "Size of the lake"),
    "p_sizes": (
        "每次提交后各表当前版本的大小。",
        "Size of the current version of each table after each commit.",
    ),
    "h_runs": ("运行", "Runs"),
    "p_runs": (
        "最近各次运行每个阶段的秒数，最新的在上。",
        "Seconds of each stage of the last runs, the newest on top.",
    ),
    "runs_none": ("没有运行记录。", "No run is recorded."),
    # columns and axes
    "period": ("时间", "Period"),
    "year": ("年", "Year"),
    "share": ("比例", "Share"),
    "characters": ("字符", "Characters"),
    "text_chars": ("正文字符", "Text characters"),
    "boilerplate": ("样板文字", "Boilerplate"),
    "with_text": ("有正文的文章", "Posts with text"),
    "lower": ("下四分位", "Lower quartile"),
    "median": ("中位数", "Median"),
    "upper": ("上四分位", "Upper quartile"),
    "script": ("字体", "Script"),
    "first": ("第一篇", "First post"),
    "last": ("最后一篇", "Last post"),
    "gap": ("平时间隔（天）", "Usual gap (days)"),
    "since": ("距最后一篇（天）", "Days since"),
    "state": ("状态", "State"),
    "fresh": ("正常", "fresh"),
    "silent": ("沉默", "silent"),
    "unknown": ("太少，无法判断", "too few to tell"),
    "outcome": ("结果", "Outcome"),
    "reason": ("原因", "Reason"),
    "files": ("文件", "Files"),
    "run": ("运行", "Run"),
    "kind": ("种类", "Kind"),
    "stage": ("阶段", "Stage"),
    "seconds": ("秒", "Seconds"),
    "table": ("表", "Table"),
    "total": ("合计", "Total"),
    "rows": ("行", "Rows"),
    "version": ("版本", "Version"),
    "time": ("时间（UTC）", "Time (UTC)"),
    "found": ("找到", "Found"),
    "unchanged": ("未变", "Unchanged"),
    "duplicates": ("重复", "Duplicates"),
    # values of enums in the rows
    "zh": ("中文", "Chinese"),
    "yue": ("粤语", "Cantonese"),
    "en": ("英文", "English"),
    "ja": ("日文", "Japanese"),
    "ko": ("韩文", "Korean"),
    "mixed": ("混合", "mixed"),
    "und": ("其他语言", "another"),
    "none": ("无文字", "no words"),
    "Hans": ("简体", "simplified"),
    "Hant": ("繁体", "traditional"),
    NO_SCRIPT: ("不分", "not distinguished"),
}


def translations(language: PageLanguage) -> Translations:
    """Return the texts of one language by their keys."""
    position = tuple(PageLanguage).index(language)
    return {key: texts[position] for key, texts in TRANSLATIONS.items()}
