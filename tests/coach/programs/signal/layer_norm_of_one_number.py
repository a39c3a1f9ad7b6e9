import gradbook as torch
import gradbook.nn as nn

regressor = nn.Sequential(
    nn.Linear(3, 12),
    nn.GELU(),
    nn.Linear(12, 1),
    nn.LayerNorm(1),  # coach: degenerate-activation
)
opt = torch.optim.Adam(regressor.parameters(), lr=1e-2)
X, y = torch.randn(32, 3), torch.randn(32, 1)
for epoch in range(5):
    opt.zero_grad()
    nn.functional.mse_loss(regressor(X), y).backward()
    opt.step()
