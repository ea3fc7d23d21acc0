"""A page that shows a lake to people: its figures, as charts and tables, in Chinese and English. Knows no Prefect."""
