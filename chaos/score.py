"""What the rounds at one crash point came to."""

from dataclasses import dataclass, field


@dataclass
class Score:
    """What the rounds of one point came to."""

    killed: int = 0
    standing: int = 0
    expected: int = 0
    lost: int = 0
    doubled: int = 0
    quick: list[float] = field(default_factory=list)
    own_lease: list[float] = field(default_factory=list)

    def line(self, point: int) -> str:
        """For the table."""
        times = " ".join(
            f"{name} {sorted(values)[len(values) // 2]:.1f}/{max(values):.1f} s"
            for name, values in (("2 s lease", self.quick), ("own lease", self.own_lease))
            if values
        )
        return (
            f"point {point}: {self.killed} kills, {self.standing} of {self.expected} tasks caught there, "
            f"{self.lost} lost, {self.doubled} doubled; recovery median/max: {times}"
        )
