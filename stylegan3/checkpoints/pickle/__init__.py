"""A pickle machine that builds inert data: nothing in a file is imported or executed."""
