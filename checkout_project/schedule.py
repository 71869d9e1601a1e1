"""What runs by itself, and how often, in seconds. Every job is safe to run twice at once and to miss."""

BEAT_SCHEDULE = {
    "watch-networks": {
        "task": "sessions_app.tasks.watch_networks",
        "schedule": 1.0,
        "options": {"expires": 5},
    },
    "expire-due-sessions": {
        "task": "sessions_app.tasks.expire_due",
        "schedule": 2.0,
        "options": {"expires": 10},
    },
    "send-due-deliveries": {
        "task": "webhooks_app.tasks.send_due",
        "schedule": 2.0,
        "options": {"expires": 10},
    },
}
