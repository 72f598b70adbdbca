"""Gate to people's mailboxes: turns news into mails, and answers by mail into answers."""
