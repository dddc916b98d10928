"""Template words of the house: `{% load house %}`."""
