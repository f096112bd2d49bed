"""Compiling CUDA C++ on the user's machine and launching it. Knows no operation of the networks."""
