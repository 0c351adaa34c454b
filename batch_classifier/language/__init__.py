"""What texts are like: dialogues and their sentences, words as vectors, a model that is trained on texts. Nothing of prompts or tables."""
