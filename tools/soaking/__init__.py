"""What `tools/soak.py` is made of: a show played at random, what is measured of it, and kills."""
