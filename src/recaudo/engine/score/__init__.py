"""What a person will probably do, as versioned models: propensity to pay, self-cure, kept promises, the best hour. Pure."""
