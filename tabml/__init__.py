"""tabml: from messy hospital exports to a clinical prediction model that can be trusted."""
