"""What the pages before sign-in ask."""

from django import template

from merchants_app.businesses.founding import open_to_all

register = template.Library()
register.simple_tag(open_to_all, name="sign_up_is_open")
