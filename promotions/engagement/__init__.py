"""What people do with products: collected, counted once, added up by hour and by day."""
