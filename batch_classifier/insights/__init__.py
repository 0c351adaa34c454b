"""What the tables tell: counts, changes, texts, what needs a person, how right, how far from usual, what it cost. It changes nothing."""
