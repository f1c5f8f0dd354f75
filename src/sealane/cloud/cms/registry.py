"""The registry of Cms, which handlers fill."""

from sealane.cloud.call import Registry

CMS = Registry("Cms")
