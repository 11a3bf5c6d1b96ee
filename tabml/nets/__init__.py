"""Neural building blocks for models: torch to train, numpy to predict."""
