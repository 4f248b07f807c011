"""Every query of this package, by noun."""
