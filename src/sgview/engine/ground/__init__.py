"""What every picture grows from: sampling grid, noise and constant, moved as parameters say."""
