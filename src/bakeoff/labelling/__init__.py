"""Labels by people: which answer comes next, the local page that shows it, CSV out and in, and agreement."""
