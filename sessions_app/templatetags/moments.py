"""How a buyer's pages write moments."""

from django import template

from sessions_app.reading.named import moment_to_the_second

register = template.Library()
register.filter("moment", moment_to_the_second)
