"""The pages of upper-union officers and of those who decide accreditations."""
