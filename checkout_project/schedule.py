"""What runs by itself, and how often, in seconds. Every job is safe to run twice at once and to miss."""

from celery.schedules import crontab

BEAT_SCHEDULE = {
    "watch-networks": {
        "task": "sessions_app.tasks.watch_networks",
        "schedule": 1.0,
        "options": {"expires": 5},
    },
    "look-at-networks-again": {
        "task": "sessions_app.tasks.look_at_networks_again",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "search-for-money": {
        "task": "sessions_app.tasks.search_for_money",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "expire-due-sessions": {
        "task": "sessions_app.tasks.expire_due",
        "schedule": 2.0,
        "options": {"expires": 10},
    },
    # Webhooks leave by themselves: a sender runs inside each worker (`webhooks_app/sending/worker_step.py`).
    "look-after-endpoints": {
        "task": "webhooks_app.tasks.look_after_endpoints",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "forget-old-events": {
        "task": "webhooks_app.tasks.forget_old_events",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "refresh-rates": {
        "task": "chains_app.tasks.refresh_rates",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "learn-gas": {
        "task": "chains_app.tasks.learn_gas",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "tell-of-ending-keys": {
        "task": "merchants_app.tasks.tell_of_ending_keys",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "forget-old-requests": {
        "task": "merchants_app.tasks.forget_old_requests",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "end-overdue-visits": {
        "task": "merchants_app.tasks.end_overdue_visits",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "erase-old-buyers": {
        "task": "sessions_app.tasks.erase_old_buyers",
        "schedule": crontab(hour=3, minute=30),
        "options": {"expires": 12 * 3600},
    },
}
