"""A stock django-oscar shop to measure beside the mall: its own apps, templates and checkout, nothing forked.

It runs in an environment of its own (benchmarks/rival.py makes it) and is no part of the mall.
"""
