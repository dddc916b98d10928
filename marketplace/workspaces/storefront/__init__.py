"""The shop window: what anybody may see."""
