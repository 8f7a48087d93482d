"""Whether answers keep a team's style: rules that it writes, and a classifier trained on its examples."""
