"""A model for each prompt that learns from what people, and when asked a model, said of its texts."""
