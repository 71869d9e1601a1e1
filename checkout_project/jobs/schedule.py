"""What runs by itself, and how often, in seconds. Every job is safe to run twice at once and to miss."""

from checkout_project.jobs.beat import every

# Webhooks leave by themselves: a sender runs inside each worker (`webhooks_app/sending/worker_step.py`).
BEAT_SCHEDULE = {
    "watch-networks": {"task": "sessions_app.tasks.watch_networks", "schedule": every(1)},
    "look-at-networks-again": {"task": "sessions_app.tasks.look_at_networks_again", "schedule": every(5)},
    "search-for-money": {"task": "sessions_app.tasks.search_for_money", "schedule": every(5)},
    "expire-due-sessions": {"task": "sessions_app.tasks.expire_due", "schedule": every(2)},
    "take-decisions": {"task": "sessions_app.tasks.take_decisions", "schedule": every(2)},
    "tell-of-decisions": {"task": "sessions_app.tasks.tell_of_decisions", "schedule": every(60)},
    "tell-of-worth": {"task": "sessions_app.tasks.tell_of_worth", "schedule": every(300)},
    "write-to-buyers": {"task": "sessions_app.tasks.write_to_buyers", "schedule": every(3)},
    "look-after-endpoints": {"task": "webhooks_app.tasks.look_after_endpoints", "schedule": every(60)},
    "make-room-for-events": {"task": "webhooks_app.tasks.make_chunks_ahead", "schedule": every(300)},
    "forget-old-events": {"task": "webhooks_app.tasks.forget_old_events", "schedule": every(3600)},
    "look-at-neighbours": {"task": "checkout_project.tasks.look_at_neighbours", "schedule": every(50)},
    "refresh-rates": {"task": "chains_app.tasks.refresh_rates", "schedule": every(30)},
    "notice-copies": {"task": "checkout_project.tasks.notice_copies", "schedule": every(60)},
    "learn-gas": {"task": "chains_app.tasks.learn_gas", "schedule": every(300)},
    "tell-of-ending-keys": {"task": "merchants_app.tasks.tell_of_ending_keys", "schedule": every(3600)},
    "make-room-for-requests": {"task": "merchants_app.tasks.make_chunks_ahead", "schedule": every(300)},
    "forget-old-requests": {"task": "merchants_app.tasks.forget_old_requests", "schedule": every(3600)},
    "end-overdue-visits": {"task": "merchants_app.tasks.end_overdue_visits", "schedule": every(60)},
    "find-used-deposits": {"task": "sessions_app.tasks.find_used_deposits", "schedule": every(3600)},
    "catch-up-with-books": {"task": "sessions_app.tasks.catch_up_with_books", "schedule": every(300)},
    "erase-old-buyers": {"task": "sessions_app.tasks.erase_old_buyers", "schedule": every(3600)},
}
