"""Documents that change while they are served: writing, reading as of any version, and the routes for both."""
