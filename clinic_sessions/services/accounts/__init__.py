"""Who may come in: people, their sign-ins, a second signature on another's tablet."""
