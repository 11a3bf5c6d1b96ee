"""Learning: folds, the portfolio and its search, the blend, calibration, and estimates that can be believed."""
