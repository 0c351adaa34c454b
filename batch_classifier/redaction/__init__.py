"""What in a text must not leave for the model: found, checked, and replaced by a word that says what stood there."""
