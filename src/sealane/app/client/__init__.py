"""The plan as calls of the cloud's API: what is there is described, compared with the plan, and changed by the calls.

Nothing here knows whether the cloud is Alibaba's or ``sealane serve``; only ``native`` needs the latter.
"""
