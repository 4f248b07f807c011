"""
What a supervisor looks at.

    reports.py     figures over a span of days and the rows behind them; wallboard.py and backlog.py those of now
    metrics.py     what each number means; figures.py what an episode adds; rollups.py sums by day and zone
    operations.py  lanes, waiting and failed work
"""
