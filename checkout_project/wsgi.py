"""The web process's entry."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from checkout_project.request_bodies import WholeBodies
from common.garbage import collect_rarely

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "checkout_project.settings")
application = WholeBodies(get_wsgi_application(), limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)

# Models can be imported only now that Django is set up.
from merchants_app.request_log import write_in_background  # noqa: E402

write_in_background()

collect_rarely()
