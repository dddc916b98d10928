"""An order booked to the wrong union, handed on with its money to the right one. See docs/decisions/0030."""
