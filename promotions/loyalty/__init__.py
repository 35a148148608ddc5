"""What coming back earns: levels, points as lots that expire, rewards."""
