"""Reading pickles as inert data: nothing that a file names is imported or executed.

`unpickler` is the way in, `values` what comes out, `modules` finds torch modules in it.
"""
