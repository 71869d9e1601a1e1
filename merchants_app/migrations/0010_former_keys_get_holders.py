from django.db import migrations

# A key is held by whoever made it, if they may still hold all of it; otherwise by the oldest owner, as it went on
# working without its maker until now. Whether an account is active counts: keys of one that is not would stop.
_HOLDERS = """
UPDATE merchants_app_apikey AS key SET holder_id = COALESCE(
    (SELECT member.user_id FROM merchants_app_member AS member
       JOIN merchants_app_user AS person ON person.id = member.user_id AND person.is_active
     WHERE member.merchant_id = key.merchant_id AND member.user_id = key.created_by_id
       AND member.role IN ('owner', 'developer')),
    (SELECT member.user_id FROM merchants_app_member AS member
       JOIN merchants_app_user AS person ON person.id = member.user_id
     WHERE member.merchant_id = key.merchant_id AND member.role = 'owner'
     ORDER BY person.is_active DESC, member.id LIMIT 1)
)
"""
# What `write` allowed so far has words of its own now. A developer may decide in test mode only, and so may their keys.
_SCOPES = """
UPDATE merchants_app_apikey AS key
SET scopes = key.scopes || '{webhooks}' || CASE
    WHEN key.mode = 'live' AND EXISTS (
        SELECT FROM merchants_app_member AS member
        WHERE member.merchant_id = key.merchant_id AND member.user_id = key.holder_id AND member.role = 'developer'
    ) THEN '{}' ELSE '{decide}' END::varchar[]
WHERE 'write' = ANY(key.scopes)
"""
_FORMER_SCOPES = """
UPDATE merchants_app_apikey SET scopes = array_remove(array_remove(scopes, 'webhooks'), 'decide')
"""


class Migration(migrations.Migration):
    """Keys that exist keep what they could do."""

    dependencies = [
        ("merchants_app", "0009_keys_have_holders"),
    ]

    operations = [
        migrations.RunSQL(_HOLDERS, migrations.RunSQL.noop),
        migrations.RunSQL(_SCOPES, _FORMER_SCOPES),
    ]
