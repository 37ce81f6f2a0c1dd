"""Sound to Transcript."""
