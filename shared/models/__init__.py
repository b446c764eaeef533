"""The nouns of the system as frozen values, one module a noun."""
