from django.db import migrations, models

from common.postgresql.migrating import AddCheckOnce


class Migration(migrations.Migration):
    """Beside shops that go on selling. What is refused from now on, no version has written."""

    atomic = False

    dependencies = [
        ('sessions_app', '0033_signed_payments_brought_again'),
    ]

    operations = [
        AddCheckOnce(
            model_name='checkoutsession',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ended_by', None)), models.Q(('ended_at__isnull', False), ('ended_by__isnull', False)), _connector='OR'), name='an_end_has_its_moment'),
        ),
        AddCheckOnce(
            model_name='checkoutsession',
            constraint=models.CheckConstraint(condition=models.Q(('issue', None), ('needs_decision', True), _negated=True), name='what_needs_a_decision_is_an_issue'),
        ),
        AddCheckOnce(
            model_name='checkoutsession',
            constraint=models.CheckConstraint(condition=models.Q(('completed_at', None), ('status', 'completed'), _negated=True), name='what_is_completed_says_since_when'),
        ),
    ]
