"""Which tests hold which lock: each fails when the lock is taken away.

The transactions of rules stand with their cases (`breaking.CASES`), all else here. For a new lock write the race first:
hold the lock on one connection, let the other run into it (`tests.races.behind_a_lock`, `passes_by`), and look that it
sees what the first has done. Then take the lock out and see the race fail.
"""

AGAIN = "tests/locks/test_paying_again_locks.py"
BOOKS = "tests/locks/test_book_locks.py"
BUSINESS = "tests/locks/test_business_locks.py"
CHAIN = "tests/locks/test_chain_locks.py"
CLOCK = "tests/test_clock_under_lock.py"
ENTERING = "tests/locks/test_entering_locks.py"
MONEY = "tests/locks/test_money_locks.py"
DECISIONS = "tests/locks/test_decision_locks.py"
DEPOSITS = "tests/locks/test_deposit_locks.py"
ORDERS = "tests/locks/test_order_locks.py"
OUTAGE = "tests/locks/test_outage_locks.py"
WEBHOOKS = "tests/locks/test_webhook_locks.py"

ROWS: dict[str, tuple[str, ...]] = {
    "chains_app.rates.exchange_rates._asked: claim": (
        "tests/chains_app/rates/test_rates_asked_once.py::test_who_finds_another_one_asking_waits_for_its_answer",
    ),
    "checkout_project.jobs.failures.note_failure: claim": (
        "tests/api/test_operators_front.py::test_tasks_that_break_off_are_counted_for_a_day",
    ),
    "checkout_project.tasks.look_at_neighbours: claim": (
        "tests/observing/test_neighbours.py::test_it_is_looked_at_within_a_minute_and_no_oftener",
    ),
    "common.lease.lease: claim": ("tests/common/test_lease.py::test_one_at_a_time_has_it",),
    "common.ticks.may_be_sent: claim": ("tests/running/test_jobs.py::test_of_one_job_one_waits",),
    "sessions_app.collecting.compared.compare_now_and_then: claim": (
        "tests/sessions_app/books/test_files.py::test_the_chain_is_asked_once_a_minute_for_a_business",
    ),
    "sessions_app.refunding.undone.find: claim": (
        "tests/sessions_app/refunding/test_undone.py::"
        "test_what_nobody_could_tell_is_asked_for_again_after_a_while_on_each_network_for_itself",
    ),
    "sessions_app.watching.announced._waiting: claim": (
        "tests/sessions_app/watching/test_announced.py::"
        "test_after_the_hour_the_nodes_are_asked_still_and_believed_as_long_as_they_know_it",
    ),
    "chains_app.sandbox.chain.mine: advisory lock": (
        f"{BUSINESS}::test_two_processes_that_mine_at_once_make_one_block",
    ),
    # Within which alone its SET LOCAL holds.
    "common.database.fetch_by_index: atomic": (
        "tests/observing/test_known.py::test_a_scrape_asks_as_often_however_much_there_is",
    ),
    "chains_app.reading.scanning._insert: atomic": (
        f"{CHAIN}::test_who_was_not_the_very_first_may_go_on_in_their_transaction",
    ),
    "chains_app.reading.scanning.hold: select_for_update": (
        f"{CHAIN}::test_who_stores_beside_the_watcher_waits_for_it_and_sees_that_the_branch_was_given_up",
    ),
    "chains_app.reading.scanning.save_cursor: select_for_update": (
        f"{CHAIN}::test_who_waited_for_another_watchers_cursor_stores_nothing",
    ),
    "sessions_app.books.catching_up._book_payments: select_for_update": (
        f"{BOOKS}::test_what_waits_again_meanwhile_is_not_caught_up_with_as_collected",
    ),
    "sessions_app.books.fees.take_back_fees_of_nothing: select_for_update": (
        f"{BOOKS}::test_of_two_that_take_back_the_last_payments_at_once_one_takes_back_the_fee",
    ),
    "sessions_app.books.fees.take_back_fees_of_nothing: select_for_update 2": (
        f"{BOOKS}::test_of_two_that_take_back_the_last_payments_at_once_one_takes_back_the_fee",
    ),
    "sessions_app.books.fees.book_fees: select_for_update": (
        f"{BOOKS}::test_the_fee_of_what_is_taken_back_meanwhile_is_not_booked",
    ),
    "common.postgresql.chunking.in_chunks.forwards: atomic": (
        "tests/common/test_chunks.py::test_a_stop_in_the_middle_leaves_the_table_as_it_was",
    ),
    "common.postgresql.chunking.closed.forwards: atomic": (
        "tests/common/test_chunks.py::test_where_the_first_chunk_cannot_end_so_near_all_stays_as_it_was",
    ),
    **dict.fromkeys(
        ("common.postgresql.chunks._alone: atomic", "common.postgresql.chunks._alone: LOCK TABLE"),
        (f"{WEBHOOKS}::test_two_who_make_room_at_once_make_one_chunk",),
    ),
    "common.postgresql.chunks._briefly: atomic": (
        f"{WEBHOOKS}::test_making_room_waits_for_no_reader_of_what_is_beyond_for_long",
    ),
    "common.database.failing_alone: atomic": (
        "tests/sessions_app/api/test_creation_at_once.py::test_a_customer_made_by_another_request_meanwhile_is_taken",
    ),
    "merchants_app.keys.api_keys._maker: select_for_update": (
        f"{BUSINESS}::test_who_is_taken_out_of_the_team_makes_no_key_meanwhile",
    ),
    "common.postgresql.poolers.read_in_pieces: atomic": (
        "tests/webhooks_app/sending/test_pooler.py::test_what_is_read_in_pieces_stays_on_one_connection",
    ),
    "merchants_app.held.settle: select_for_update": (
        "tests/restoring/test_noticing.py::test_two_processes_that_notice_at_once_go_on_beyond_once",
    ),
    "merchants_app.requests.idempotency._LOCK_AND_LOOK: advisory lock": (
        f"{BUSINESS}::test_a_repeated_request_is_told_to_wait_while_the_first_runs",
    ),
    "merchants_app.businesses.founding.found_business: select_for_update": (
        f"{ENTERING}::test_two_clicks_make_one_business",
    ),
    "merchants_app.people.invitations._locked: select_for_update": (
        f"{ENTERING}::test_two_who_write_again_at_once_stay_within_the_days_letters",
    ),
    "merchants_app.people.invitations._locked: select_for_update 2": (
        f"{ENTERING}::test_what_was_accepted_a_moment_before_is_not_taken_back",
    ),
    "merchants_app.people.invitations.accept: select_for_update": (f"{ENTERING}::test_an_invitation_is_accepted_once",),
    "merchants_app.people.invitations.invite: select_for_update": (
        f"{ENTERING}::test_who_invites_somebody_that_another_owner_is_inviting_is_told",
    ),
    "merchants_app.people.invitations.sign_up: select_for_update": (f"{ENTERING}::test_a_letter_makes_one_account",),
    "merchants_app.people.invitations.withdraw_those_by: select_for_update": (
        f"{ENTERING}::test_who_leaves_takes_back_no_invitation_that_was_accepted_a_moment_before",
    ),
    "merchants_app.sign_in.second_factor.take_away: select_for_update": (
        f"{ENTERING}::test_the_last_two_factors_taken_away_at_once_leave_no_recovery_codes",
    ),
    "merchants_app.keys.expiry_mails._tell: select_for_update": (
        f"{BUSINESS}::test_a_key_whose_letter_somebody_else_writes_is_passed_by",
    ),
    "sessions_app.collecting.worth_letters._write: select_for_update": (
        f"{DECISIONS}::test_of_two_processes_that_find_something_worth_collecting_one_writes",
    ),
    "sessions_app.reading.waiting_letters._write: select_for_update": (
        f"{DECISIONS}::test_a_member_whom_somebody_else_writes_to_is_passed_by",
    ),
    "merchants_app.businesses.money_rules.change_settings: select_for_update": (
        f"{BUSINESS}::test_the_audit_line_says_what_a_setting_was_when_it_was_changed",
    ),
    "merchants_app.people.people.change_person: select_for_update": (
        f"{BUSINESS}::test_what_is_told_of_a_person_is_what_they_were_when_it_was_changed",
    ),
    "merchants_app.businesses.suspension._locked: select_for_update": (
        f"{BUSINESS}::test_a_business_is_suspended_once",
    ),
    "merchants_app.people.team._locked: select_for_update": (
        f"{BUSINESS}::test_of_two_owners_who_step_down_at_once_one_stays",
    ),
    "merchants_app.treasuries.treasuries._set: select_for_update": (
        f"{CLOCK}::test_an_older_treasury_request_does_not_take_a_newer_one_back",
    ),
    "merchants_app.treasuries.treasuries.keep_current: select_for_update": (
        f"{CLOCK}::test_keeping_the_present_treasury_takes_none_back_that_came_into_force_meanwhile",
    ),
    "merchants_app.businesses.visits.begin_visit: select_for_update": (
        f"{BUSINESS}::test_two_tabs_that_begin_a_visit_leave_one",
    ),
    "sessions_app.state.creation_sql._STATEMENT: FOR SHARE": (
        "tests/sessions_app/buyers/test_privacy_races.py::test_a_session_made_meanwhile_waits_and_makes_a_new_customer",
    ),
    "sessions_app.state.creation_sql._STATEMENT: FOR SHARE 2": (
        f"{ORDERS}::test_who_orders_while_the_order_is_being_completed_is_told_that_it_is_paid",
    ),
    "sessions_app.state.expiry_sql._STATEMENT: FOR UPDATE": (
        f"{MONEY}::test_the_quick_batch_passes_by_what_somebody_holds",
    ),
    "sessions_app.state.lifecycle._locked: select_for_update": (
        f"{MONEY}::test_of_two_decisions_at_once_the_second_is_told_that_nothing_is_left",
        f"{CLOCK}::test_a_cancellation_that_waited_stands_last_in_the_timeline",
        f"{CLOCK}::test_a_decision_that_waited_for_a_refund_is_later_than_it",
        f"{CLOCK}::test_a_refund_that_waited_for_a_decision_is_later_than_it",
    ),
    "sessions_app.state.lifecycle.hold_many: select_for_update": (
        f"{OUTAGE}::test_sessions_are_held_in_the_order_of_their_keys",
    ),
    "sessions_app.state.lifecycle.expire_overdue: select_for_update": (
        f"{MONEY}::test_the_batch_passes_by_what_somebody_holds_with_a_price_too",
    ),
    "sessions_app.selling.superseding._hold_address: select_for_update": (
        f"{ORDERS}::test_money_that_is_being_stored_is_not_superseded",
        f"{AGAIN}::test_money_that_is_being_stored_is_not_paid_again",
    ),
    "sessions_app.watching.payments._HOLDERS: FOR SHARE": (
        f"{ORDERS}::test_money_that_is_being_stored_is_not_superseded",
        f"{ORDERS}::test_money_that_was_seen_for_a_session_that_is_being_superseded_is_its_successors",
        f"{DEPOSITS}::test_nobody_waits_for_one_that_money_is_being_stored_for",
        f"{DEPOSITS}::test_what_is_stored_while_it_is_passed_on_is_whose_it_was_at_the_blocks_time",
    ),
    "sessions_app.paying.used_deposits.take_used_deposit: select_for_update": (
        f"{DEPOSITS}::test_of_several_sessions_at_once_one_gets_it_and_none_waits_or_fails",
        f"{DEPOSITS}::test_nobody_waits_for_one_that_money_is_being_stored_for",
    ),
    "sessions_app.paying.quoting._used_deposit: atomic": (
        f"{DEPOSITS}::test_who_asks_twice_at_once_gets_one_address_and_the_other_stays_free",
    ),
    "sessions_app.watching.payments._placed: select_for_update": (
        f"{MONEY}::test_what_was_confirmed_while_somebody_waited_has_to_be_confirmed_again_in_its_new_block",
    ),
    "sessions_app.watching.payments._unchanged: select_for_update": (
        f"{MONEY}::test_what_has_vanished_while_somebody_waited_is_not_confirmed",
    ),
    "sessions_app.buyers.erasing.erase_rows: select_for_update": (
        f"{MONEY}::test_who_buys_while_being_erased_waits_from_the_very_beginning",
    ),
    "sessions_app.letters.sending._send: select_for_update": (
        "tests/locks/test_letter_locks.py::test_a_letter_that_is_leaving_is_not_taken_away",
    ),
    "sessions_app.orders.stock.hold_piece: advisory lock": (
        f"{MONEY}::test_who_waits_for_the_last_piece_is_told_that_it_is_gone",
    ),
    "sessions_app.watching.watcher._store: atomic": (
        "tests/sessions_app/watching/test_watcher_crash.py::test_a_watcher_killed_at_any_statement_loses_and_doubles_nothing",
    ),
    "webhooks_app.queue.delivery.SET_ASIDE: FOR SHARE": (
        f"{WEBHOOKS}::test_what_waits_for_an_endpoint_that_is_being_switched_on_is_not_set_aside",
    ),
    "webhooks_app.queue.delivery.SET_ASIDE: FOR UPDATE": (
        f"{WEBHOOKS}::test_a_delivery_that_somebody_holds_is_set_aside_by_the_next_look",
    ),
    "webhooks_app.queue.delivery._DUE: FOR UPDATE": (
        f"{WEBHOOKS}::test_a_sender_passes_by_a_delivery_that_another_one_is_taking",
    ),
    "webhooks_app.queue.delivery._REPORT: FOR UPDATE": (
        "tests/webhooks_app/sending/test_sender_outages.py::"
        "test_a_delivery_that_somebody_has_locked_is_recorded_later_and_before_a_stop",
    ),
    "webhooks_app.queue.delivery._REPORT: FOR UPDATE 2": (
        "tests/webhooks_app/sending/test_sender_outages.py::"
        "test_an_endpoint_that_somebody_has_locked_holds_up_nothing_and_is_noted_later",
    ),
    "webhooks_app.endpoints.failing._send_letter: select_for_update": (
        f"{WEBHOOKS}::test_two_runs_at_once_send_one_letter",
    ),
    "webhooks_app.endpoints.endpoints._locked: select_for_update": (
        f"{WEBHOOKS}::test_an_endpoint_is_switched_off_once",
        f"{CLOCK}::test_a_former_secret_goes_on_for_a_day_from_when_it_was_replaced",
    ),
    "webhooks_app.endpoints.endpoints.create_endpoint: select_for_update": (
        f"{WEBHOOKS}::test_two_that_add_an_endpoint_at_once_stay_within_the_limit",
    ),
    "webhooks_app.endpoints.endpoints.put_endpoint: select_for_update": (
        f"{WEBHOOKS}::test_settings_that_are_saved_twice_at_once_make_one_endpoint",
    ),
    "webhooks_app.sending.trial._prepare: select_for_update": (
        f"{WEBHOOKS}::test_an_endpoint_is_tried_once_at_a_time",
    ),
}
