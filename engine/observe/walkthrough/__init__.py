"""A cell step by step: recording, gradients taken apart, formulas with numbers, questions."""
