"""Who is at the door: the second factor, codes by phone, invitations, and what happens after too many wrong attempts."""
