import gradbook as torch
from gradbook import nn

x = torch.rand(16, 3)
y = 20 * x.sum(dim=1, keepdim=True)
model = nn.Sequential(
    nn.Linear(3, 32),
    nn.ReLU(),
    nn.Linear(32, 1),
    nn.Sigmoid(),  # coach: cannot-overfit-batch; fix: nn.Linear(32, 1)
)
# coach-also: redundant-activation, saturated-activation
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(100):  # the same batch in each step
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    optimizer.step()
