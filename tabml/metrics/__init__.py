"""Numbers that say how good a prediction is, each with its interval, or with the reason why it cannot be given."""
