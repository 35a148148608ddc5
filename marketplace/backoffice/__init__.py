"""The back office: the admin's menu and dashboard, drawn from each context's `facade.kpis()`."""
