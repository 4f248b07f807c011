"""Every query of this package."""
