"""The host as all drivers need it: programs, processes of ours, network namespaces, private files."""

from sealane.host.changes import NamespaceChanges
from sealane.host.files import (
    last_words,
    make_private_directory,
    read_text,
    why_unwritable,
    write_private,
    write_whole,
)
from sealane.host.lock import Held, take_lock
from sealane.host.netns import (
    InterfaceState,
    entered,
    exists,
    has_interface,
    interface_state,
    list_namespaces,
    namespace_path,
    remove_stale,
)
from sealane.host.process import (
    Start,
    Tag,
    alive,
    find_placed,
    find_processes,
    leave_no_core,
    spawn,
    spawn_together,
    stop,
)
from sealane.host.run import run, run_unchecked

__all__ = [
    "Held",
    "InterfaceState",
    "NamespaceChanges",
    "Start",
    "Tag",
    "alive",
    "entered",
    "exists",
    "find_placed",
    "find_processes",
    "has_interface",
    "interface_state",
    "last_words",
    "leave_no_core",
    "list_namespaces",
    "make_private_directory",
    "namespace_path",
    "read_text",
    "remove_stale",
    "run",
    "run_unchecked",
    "spawn",
    "spawn_together",
    "stop",
    "take_lock",
    "why_unwritable",
    "write_private",
    "write_whole",
]
