"""The pages of union buyers and approvers."""
