"""The pages of the union's auditors."""
