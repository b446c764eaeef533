"""The nouns of the system as frozen dataclasses, one module per noun."""
