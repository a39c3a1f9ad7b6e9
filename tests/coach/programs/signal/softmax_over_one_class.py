import gradbook as torch
from gradbook import nn

model = nn.Sequential(
    nn.Linear(5, 16),
    nn.ReLU(),
    nn.Linear(16, 1),
    nn.Softmax(dim=1),  # coach: degenerate-activation; fix: nn.Sigmoid()
)
bce = nn.BCELoss()
opt = torch.optim.Adam(model.parameters(), lr=0.01)
x = torch.randn(40, 5)
y = (x[:, :1] > 0).float()
for _ in range(5):
    loss = bce(model(x), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
