"""Hypothesis strategies for posts, and the number of examples."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from tiers import examples

FEW_EXAMPLES = settings(
    max_examples=examples(2, 6),
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes
    suppress_health_check=list(HealthCheck),
)
STATE_PATHS = ["_posts/2024-03-05-x.md", "archived/2024-03-05/2024-03-05-x.md"]
NAMES = st.sampled_from(
    ["a.md", "b.md", "old/a.md", "old/c.md", "zh/x/index.md", "en/x/index.md", *STATE_PATHS]
)
# few values, so that posts collide, and edits restore earlier values
FIELDS = st.fixed_dictionaries(
    {
        "url": st.sampled_from(["https://a.example/1", "https://a.example/1?utm_source=x", "https://a.example/2", None]),
        "date": st.sampled_from(["2024-03-05T08:00:00Z", "2023-12-31T23:59:59Z", None]),
        "text": st.sampled_from(["短", "长长的一段话"]),
    }
)  # fmt: skip
