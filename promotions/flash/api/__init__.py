"""HTTP of flash promotions: `promos` for what is offered, `reservations` for the minute with a unit."""
