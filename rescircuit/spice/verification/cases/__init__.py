"""What is compared for each kind of thing that can be verified."""
