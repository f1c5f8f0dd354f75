"""Clients that nobody here wrote make the use case step by step, and at the end packets are encrypted."""

import subprocess

import pytest
from clients import Node, OlderPython, Python
from steps import Walk, walk_whole

from server_process import Served

pytestmark = [pytest.mark.live, pytest.mark.beside]


@pytest.fixture
def served(tmp_path):
    one = Served(tmp_path / "state")
    one.start()
    yield one
    one.clean()


def walk(served, client):
    walk_whole(Walk(client), served.native)
    served.end()
    shown = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    assert f"sealane.{served.prefix()}" not in shown


def test_the_official_python_sdk_walks_the_use_case(served):
    walk(served, Python(served.endpoint, served.key))


def test_the_older_python_sdk_walks_the_use_case(served):
    walk(served, OlderPython(served.endpoint, served.key))


def test_the_node_sdk_walks_the_use_case(served):
    node = Node(served.endpoint, served.key)
    try:
        walk(served, node)
    finally:
        node.close()
