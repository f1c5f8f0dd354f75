"""The cloud's control plane as rules: operations on documents, states, guards and error codes. Pure.

It knows neither HTTP nor a database nor the kernel: an operation gets a Call and a Transaction and answers with what
the cloud would answer, or raises the cloud's error. Time and fresh ids come with the call.
"""

from sealane.cloud.call import Call, Handler, Operation, Registry
from sealane.cloud.document import HOST, Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.world import Transaction, World

__all__ = [
    "HOST",
    "Call",
    "CloudError",
    "Document",
    "Fields",
    "Handler",
    "Json",
    "Operation",
    "Registry",
    "Transaction",
    "World",
]
