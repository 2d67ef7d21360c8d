"""How often the data corner raises a false alarm, and how often it finds a planted fault: `make calibrate`."""
