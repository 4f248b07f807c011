"""The queries of this package, one module for each noun."""
