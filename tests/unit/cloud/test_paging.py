"""Whatever the sizes, the parts of a list are the list; no key is empty, since ids and prefixes are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.cloud import Call, CloudError
from sealane.cloud.paging import page, portion_by

ITEMS = st.lists(st.integers(0, 200), unique=True, max_size=120).map(sorted) | st.lists(
    st.text(max_size=4), unique=True, max_size=40
).map(sorted)


def call(**params):
    return Call("Vpc", "DescribeVpcs", params, "1", 0, "R", lambda prefix, _: prefix)


def same(item):
    return item


@given(ITEMS, st.integers(1, 50))
def test_all_pages_together_are_the_list(items, size):
    found = []
    for number in range(1, len(items) // size + 3):
        part = page(call(PageNumber=number, PageSize=size), iter(items))
        assert part.fields == {"PageNumber": number, "PageSize": size, "TotalCount": len(items)}
        assert part == page(call(PageNumber=number, PageSize=size), iter(items), total=len(items))
        assert part == page(call(PageNumber=number, PageSize=size), items)
        assert len(part.items) <= size
        found += part.items
    assert found == items


@given(ITEMS, st.integers(1, 100))
def test_following_the_token_tells_everything_once(items, size):
    found, token = [], None
    for _ in range(len(items) // size + 1):
        part = portion_by(call(MaxResults=size, NextToken=token), items, same)
        assert part.fields["TotalCount"] == len(items)
        found += part.items
        token = part.fields.get("NextToken")
        if token is None:
            break
        assert len(part.items) == size
    assert token is None
    assert found == items


NUMBERS = st.lists(st.integers(0, 50), unique=True, max_size=40).map(sorted)


@given(NUMBERS, NUMBERS, st.integers(1, 20))
def test_what_stays_is_told_once_though_others_come_and_go(before, after, size):
    first = portion_by(call(MaxResults=size), before, same)
    if "NextToken" not in first.fields:
        return
    rest = portion_by(call(MaxResults=100, NextToken=first.fields["NextToken"]), after, same)
    told = [*first.items, *rest.items]
    assert len(told) == len(set(told))
    if "NextToken" not in rest.fields:
        assert set(before) & set(after) <= set(told)


@pytest.mark.parametrize(
    "token",
    ["x", "!", "MQ==", "Pg==", "Pi0x", "PjEuNQ==", "PtmjMQ==", "a" * 5000, "ü", "PjEyMzQ1Njc4OTAxMjM0NTY3ODkwMQ=="],
)
def test_a_token_that_was_never_given_is_illegal(token):
    with pytest.raises(CloudError, match=r"IllegalParam\.NextToken"):
        portion_by(call(NextToken=token), [1, 2, 3], same)


def test_no_token_means_from_the_beginning_and_defaults_apply():
    items = list(range(300))
    assert portion_by(call(NextToken=""), items, same).items == items[:20]
    assert portion_by(call(), items, same, size=50).items == items[:50]
    assert portion_by(call(), items, same, size=None).items == items
    assert portion_by(call(MaxResults=5), reversed(items), same, size=None).items == items[:5]
    assert portion_by(call(MaxResult=7), items, same, name="MaxResult").items == items[:7]
    assert page(call(), items).items == tuple(range(10))


def test_sizes_out_of_range_are_brought_into_it():
    items = range(300)
    for size, told in ((0, 1), (-1, 1), (101, 100)):
        assert len(portion_by(call(MaxResults=size), items, same).items) == told
    for size, told in ((0, 1), (51, 50)):
        assert len(page(call(PageSize=size), items).items) == told
    assert page(call(PageNumber=0), items) == page(call(), items)
