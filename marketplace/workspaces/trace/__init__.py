"""The way of a lot or a parcel, for whoever scans its code."""
