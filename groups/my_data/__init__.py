"""What is kept about a person: one table of decisions, and the copy they may take with them."""
