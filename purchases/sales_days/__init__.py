"""What was sold on each platform day, added up anew whenever an order of the day changes."""
