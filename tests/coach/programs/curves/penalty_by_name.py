import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
l2_lambda = 2.0  # coach: regularisation-dominates; fix: l2_lambda = 0.0
x = torch.randn(100, 8)
y = x[:, :1] * 3
model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
mse = nn.MSELoss()
for epoch in range(30):
    prediction = model(x)
    data_loss = mse(prediction, y)
    penalty = sum(p.abs().sum() for p in model.parameters())
    loss = data_loss + l2_lambda * penalty
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
