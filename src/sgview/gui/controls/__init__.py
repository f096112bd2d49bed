"""Controls that panels are made of. They know no panel."""
