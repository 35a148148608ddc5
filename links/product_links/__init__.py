"""Links that customers paste: the shop's page behind them, fetched once for everybody, and what it says."""
