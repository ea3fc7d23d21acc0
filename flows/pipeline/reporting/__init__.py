"""What a run tells: its counts, alarms, rates, rejects, and the page about it. Nothing is changed here."""
