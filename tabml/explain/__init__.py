"""Why a model says what it says: SHAP values in source variables, additive on every row."""
