"""The calls of the API: what a key needs for each, and how it is called rightly."""

from tests.cast import terms
from tests.strangers.row import Row

_SESSION, _LINK, _ENDPOINT, _EVENT = {"pk": "fresh"}, {"pk": "link"}, {"pk": "endpoint"}, {"pk": "event"}
_REFUND = {"pk": "refund"}
_NEW = terms(amount=17, email="new@example.com")

API = [
    Row(route="api:session-list", scope="read", query={"after": "open"}),
    Row(route="api:session-list", method="post", scope="write", body=_NEW, live_done=400),
    Row(route="api:session-detail", scope="read", ids={"pk": "odd"}),
    Row(route="api:session-payments", scope="read", ids={"pk": "odd"}, query={"after": "payment"}),
    Row(route="api:session-change", method="patch", scope="write", ids=_SESSION, body={"name": "Pat Married"}),
    Row(route="api:session-expire", method="post", scope="write", ids=_SESSION, done=201),
    Row(route="api:session-cancel", method="post", scope="write", ids=_SESSION, done=201),
    Row(route="api:session-quote", method="post", scope="write", ids=_SESSION,
        body={"asset": "USDC", "network": "sandbox"}, live_done=400),
    Row(route="api:session-simulate", method="post", scope="write", ids=_SESSION, body={"scenario": "exact"},
        live_done=409),
    Row(route="api:session-resolve", method="post", scope="decide", ids={"pk": "odd"}, body={"decision": "accept"}),
    Row(route="api:account", scope="read"),
    Row(route="api:sandbox-advance", method="post", scope="write", body={"seconds": 1}, live_done=409, apart=True),
    Row(route="api:refund-list", scope="read", ids={"pk": "odd"}),
    Row(route="api:refund-list", method="post", scope="decide", ids={"pk": "odd"}, body={"amount": 1}, done=201),
    Row(route="api:refund-detail", scope="read", ids=_REFUND),
    Row(route="api:refund-sent", method="post", scope="decide", ids=_REFUND, body={"txHash": f"0x{7:064x}"}),
    Row(route="api:refund-simulate", method="post", scope="decide", ids=_REFUND, done=400),  # theirs is on no sandbox
    Row(route="api:refund-withdraw", method="post", scope="decide", ids=_REFUND),
    Row(route="api:issue-list", scope="read", query={"after": "in_queue"}, query_done=200),
    Row(route="api:link-list", scope="read", query={"after": "link"}),
    Row(route="api:link-list", method="post", scope="write", done=201, live_done=400,
        body={"currency": "USD", "productName": "Mug"}),
    Row(route="api:link-detail", scope="read", ids=_LINK),
    Row(route="api:link-detail", method="patch", scope="write", ids=_LINK, body={"active": False}),
    Row(route="api:link-detail", method="delete", scope="write", ids=_LINK, done=204),
    Row(route="api:customer-list", scope="read", query={"after": "customer"}),
    Row(route="api:customer-detail", scope="read", ids={"pk": "customer"}),
    Row(route="api:customer-export", scope="read", ids={"pk": "customer"}),
    Row(route="api:customer-erase", method="post", scope="decide", ids={"pk": "quiet_customer"}),
    Row(route="api:payment-option-list", scope="read"),
    Row(route="api:currency-list", scope="read"),
    Row(route="api:endpoint-list", scope="webhooks"),
    Row(route="api:endpoint-list", method="post", scope="webhooks", done=201, body={"url": "https://new.example/hooks"}),
    Row(route="api:endpoint-list", method="put", scope="webhooks", done=201, body={"url": "https://put.example/hooks"}),
    Row(route="api:endpoint-detail", scope="webhooks", ids=_ENDPOINT),
    Row(route="api:endpoint-detail", method="patch", scope="webhooks", ids=_ENDPOINT, body={"enabled": False}),
    Row(route="api:endpoint-detail", method="delete", scope="webhooks", ids=_ENDPOINT, done=204),
    Row(route="api:endpoint-deliveries", scope="webhooks", ids=_ENDPOINT, query={"after": "delivery"}),
    Row(route="api:endpoint-resend-one", method="post", scope="webhooks",
        ids={"pk": "endpoint", "delivery": "delivery"}, siblings={"pk": "choosy"}),
    Row(route="api:endpoint-resend", method="post", scope="webhooks", ids=_ENDPOINT, apart=True),
    Row(route="api:endpoint-test", method="post", scope="webhooks", ids={"pk": "tried"}, apart=True),
    Row(route="api:endpoint-rotate-secret", method="post", scope="webhooks", ids=_ENDPOINT),
    Row(route="api:event-list", scope="read"),
    Row(route="api:event-detail", scope="read", ids=_EVENT),
    Row(route="api:event-resend", method="post", scope="webhooks", ids=_EVENT),
]  # fmt: skip
