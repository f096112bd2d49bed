"""Operations of the generators: a typed wrapper and a plain reference for each.

`impl` chooses: "ref" the plain reference on any device, "auto" the fastest form for the tensor's
device, "cuda" a compiled kernel (an error where there is none).
"""
