"""What figures of units allow to be said. Pure functions over sums; every formula names its source."""
