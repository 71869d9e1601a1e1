"""The web process's entry."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from checkout_project.request_bodies import WholeBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "checkout_project.settings")
application = WholeBodies(get_wsgi_application(), limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)

# Models can be imported only now that Django is set up.
from merchants_app.request_log import write_in_background  # noqa: E402

write_in_background()

# What a start leaves behind stays for good: the collector need not look at it again and again.
gc.collect()
gc.freeze()
