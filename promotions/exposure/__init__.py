"""What is shown to whom, in which place, why, and with what chance."""
