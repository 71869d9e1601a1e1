"""python -m checkout_project.words compile|update: what Django reads, or the catalogues after a sentence changed."""

import sys

from django.conf import settings

from checkout_project.words import catalogues

if __name__ == "__main__":
    if sys.argv[1:] == ["update"]:
        settings.configure(USE_I18N=True)  # reading a template's words asks for it, and for nothing else of a project
        for language in catalogues.languages():
            catalogues.update(language)
    elif sys.argv[1:] != ["compile"]:
        sys.exit(__doc__)
    catalogues.compile_all()
