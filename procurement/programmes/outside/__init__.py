"""What a union bought elsewhere: registered as it happened, in the cap of each member, in no share. See docs/decisions/0030."""
