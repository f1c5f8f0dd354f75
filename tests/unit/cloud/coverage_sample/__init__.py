from coverage_sample.helpers import reexported

__all__ = ["reexported"]
