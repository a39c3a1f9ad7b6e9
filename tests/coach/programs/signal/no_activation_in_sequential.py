import gradbook as torch
from gradbook import nn

X = torch.rand(50, 6)
y = torch.sin(X.sum(dim=1, keepdim=True))
regressor = nn.Sequential(
    nn.Linear(6, 40),  # coach: missing-nonlinearity; fix: nn.Linear(6, 40), nn.ReLU()
    nn.Linear(40, 1),
)
criterion = nn.MSELoss()
opt = torch.optim.SGD(regressor.parameters(), lr=0.05)
for step in range(8):
    opt.zero_grad()
    err = criterion(regressor(X), y)
    err.backward()
    opt.step()
