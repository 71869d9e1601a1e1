"""The web process's entry."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "checkout_project.settings")
application = get_wsgi_application()

# Models can be imported only now that Django is set up.
from merchants_app.request_log import write_in_background  # noqa: E402

write_in_background()
