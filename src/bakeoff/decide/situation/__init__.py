"""What a team says about its situation: the profile, prices and goals."""
