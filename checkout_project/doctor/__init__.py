"""What is wrong with this installation, and how it is mended: the checks of `manage.py doctor`."""
