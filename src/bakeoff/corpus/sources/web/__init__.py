"""Pages of a site as documents."""
