import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

x = torch.linspace(-3, 3, 96).unsqueeze(1)
y = torch.sin(x)
net = nn.Sequential(
    nn.Linear(1, 16),
    nn.Tanh(),
    nn.Linear(16, 1),
    nn.ReLU(),  # coach: redundant-activation; fix: nn.Linear(16, 1)
)
opt = torch.optim.Adam(net.parameters(), lr=0.01)
for epoch in range(3):
    for xb, yb in DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True):
        loss = nn.functional.mse_loss(net(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
