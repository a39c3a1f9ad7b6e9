"""torch.amp: half precision where it helps."""
