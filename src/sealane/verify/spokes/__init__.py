"""Networks of many sites, proved site by site; see ``prove``."""
