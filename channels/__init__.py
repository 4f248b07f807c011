"""One folder per channel: each verifies, parses and sends for one provider, and knows nothing of the database."""
