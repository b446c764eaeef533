"""What requests pass through before and after the views: limits, authentication, bodies, errors, caching."""
