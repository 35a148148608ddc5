"""What orders tell the loyalty programme: points for goods that arrived, less what came back."""
