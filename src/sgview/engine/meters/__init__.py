"""What pictures cost: time by stage and by layer, memory by owner."""
