"""The web process's entry."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from checkout_project.logs import log_what_nobody_caught
from checkout_project.observing.elsewhere import tell_elsewhere
from checkout_project.start import read_settings
from common.garbage import collect_rarely

read_settings()
log_what_nobody_caught()
tell_elsewhere("web")
_django = get_wsgi_application()

# Models can be imported only now that Django is set up.
from checkout_project.facts.installation import tell_wrong_clock  # noqa: E402
from checkout_project.restoring.noticing import notice_at_start  # noqa: E402
from checkout_project.web.bridge import Bridge  # noqa: E402
from common.postgresql import waits  # noqa: E402
from common.postgresql.poolers import refuse_unnamed_pooler  # noqa: E402
from merchants_app.requests.log import write_in_background  # noqa: E402
from webhooks_app.sending.thread import allow_many_open_files  # noqa: E402

refuse_unnamed_pooler()
tell_wrong_clock()
notice_at_start()
application = Bridge(
    _django,
    threads=settings.WEB_THREADS,
    limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
    seconds=settings.BODY_SECONDS,
)

waits.begin()
allow_many_open_files()
write_in_background()

collect_rarely()
