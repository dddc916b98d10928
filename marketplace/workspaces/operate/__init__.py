"""The pages of the platform's operator: rules, organisations and their purses, the catalogue, work that failed, the log."""
