"""Alarms about what was learned: a source whose layout has changed, or whose posts are one text."""

from collections import Counter

from flows.pipeline.reporting.alarm import MIN_NEW_POSTS, MIN_OLD_POSTS, Alarm
from posts.boilerplate.learn import TrainingSample
from posts.boilerplate.template import Template
from posts.text.whitespace import alphanumeric_key
from schemas.enums import AlarmKind

# Layout alarm: the template matched at least MIN_HIT_RATE of the earlier posts, and less than half that share
# of the new ones. It needs at least MIN_OLD_POSTS and MIN_NEW_POSTS.
MIN_HIT_RATE = 0.5
# One text in at least this share of a source's posts is a mistake, an attack, or a channel without
# descriptions.
MIN_ONE_TEXT_SHARE = 0.5


def layout_alarm(
    source_id: str, previous: Template, seen_samples: list[TrainingSample], new_samples: list[TrainingSample]
) -> Alarm | None:
    """Return an alarm for a source whose new posts do not match its template any more."""
    if len(seen_samples) < MIN_OLD_POSTS or len(new_samples) < MIN_NEW_POSTS or not any(previous.patterns):
        return None
    hit_rate_before, hit_rate = (
        sum(_matches_template(each, previous) for each in samples) / len(samples)
        for samples in (seen_samples, new_samples)
    )
    if hit_rate_before < MIN_HIT_RATE or hit_rate * 2 >= hit_rate_before:
        return None
    text = f"{source_id}: layout changed: its template was found in {hit_rate_before:.0%} of the posts before and in {hit_rate:.0%} of {len(new_samples)} new ones"
    return Alarm(
        AlarmKind.LAYOUT,
        text,
        source_id,
        {"before": hit_rate_before, "now": hit_rate, "posts": len(new_samples)},
    )


def _matches_template(sample: TrainingSample, template: Template) -> bool:
    """Return whether a post contains a pattern of a template."""
    return bool(template.matches(sample.body)) or any(
        alphanumeric_key(text) in template.blocks for text, *_ in sample.blocks
    )


def one_text_alarm(source_id: str, samples: list[TrainingSample]) -> Alarm | None:
    bodies = Counter(sample.body for sample in samples if sample.body)
    body, post_count = bodies.most_common(1)[0] if bodies else ("", 0)
    if post_count < MIN_OLD_POSTS or post_count < MIN_ONE_TEXT_SHARE * len(samples):
        return None
    text = f"{source_id}: one text stands in {post_count} of {len(samples)} posts: {body[:60]!r}"
    return Alarm(AlarmKind.ONE_TEXT, text, source_id, {"posts": post_count, "of": len(samples)})
