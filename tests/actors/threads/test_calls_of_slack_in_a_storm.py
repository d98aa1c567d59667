"""What Slack is asked for while many texts wait: as little as shows them all."""

from bench.rows.slack_calls import calls_in_a_storm


async def test_a_new_contact_of_a_storm_costs_a_root_its_texts_and_the_roots_own_address() -> None:
    assert await calls_in_a_storm(texts=40, contacts=4) == {"post": 2 * 4, "update": 4, "permalink": 1}


async def test_texts_that_wait_share_posts_as_far_as_a_post_holds_them() -> None:
    assert await calls_in_a_storm(texts=20, contacts=1) == {"post": 2, "update": 1, "permalink": 1}
