# %% [1]
import gradbook as torch
from gradbook import nn

x, y = torch.randn(20, 7), torch.randn(20, 1)
# %% [2]
model = nn.Sequential(
    nn.Linear(8, 16),  # coach: shape-mismatch; fix: nn.Linear(7, 16)
    nn.ReLU(),
    nn.Linear(16, 1),
)
# %% [3]
loss = nn.functional.mse_loss(model(x), y)
