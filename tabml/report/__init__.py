"""Reports: from the results document, plain dictionaries alone, to pages people read. Imports no model library."""
