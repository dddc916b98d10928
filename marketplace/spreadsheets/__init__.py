"""Spreadsheets that somebody sends: measured before they are opened, read by what they contain, and sent back with what to mend."""
