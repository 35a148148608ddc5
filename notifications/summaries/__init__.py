"""What is told by the calendar: reminders of lists that wait, and the week in one mail."""
