"""What the protocols share: making the split, checking speakers, drawing who validates."""
