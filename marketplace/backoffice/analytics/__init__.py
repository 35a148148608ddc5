"""Reports of the house: what was sold, shown, promised and held, in days of the platform and beside the days before.

Every number comes from a context's facade, which reads sums kept by day (or counters that stand), never orders or
events one by one. `docs/analytics.md` says what each is.
"""
