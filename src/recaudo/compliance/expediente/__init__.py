"""What goes into an evidence file besides the data: the verifier for third parties and the page layout."""
