"""Where documents come from: one settings record and one class for each kind of source, behind one protocol."""
