"""The pages of each person who comes to the door; thin: forms, views, urls."""
