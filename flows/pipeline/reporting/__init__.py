"""The reports of a run: counts, alarms, rates, rejects and summaries. Nothing is changed here."""
