"""Kill -9 at random moments of a first start and of a migration; larger by `python -m tests.reliability --kill 200`."""

from contextlib import ExitStack

import pytest

from tests.reliability import killed


@pytest.mark.parametrize("from_revision", ["", "0001"], ids=["first start", "migration"])
def test_nothing_is_half_applied_whenever_it_is_killed(backend, maker, database, article_seed, from_revision):
    with ExitStack() as stack:
        found = killed(
            lambda: stack.enter_context(maker.database(backend)), article_seed, database, 4, from_revision=from_revision
        )
    assert (found["half applied"], found["wrong after the next start"]) == (0, 0)
