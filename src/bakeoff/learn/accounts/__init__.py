"""What a round of the gate compared, for a reader: figures of both contenders and the questions that decided."""
