"""HTTP of the delivery slice: the page that stops mails, and what mail providers report."""
