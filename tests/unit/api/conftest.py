"""One application for the tests of a file."""

import pytest

from served import Service, serving


@pytest.fixture(scope="module")
def endpoint_and_service():
    service = Service()
    with serving(service) as endpoint:
        yield endpoint, service


@pytest.fixture
def endpoint(endpoint_and_service):
    return endpoint_and_service[0]


@pytest.fixture
def service(endpoint_and_service):
    endpoint_and_service[1].reset()
    return endpoint_and_service[1]
