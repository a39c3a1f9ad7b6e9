import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
lr = 1e-5  # coach: learning-rate-too-low; fix: lr = 0.01
x = torch.randn(128, 8)
y = x[:, :1] - 2 * x[:, 1:2]
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=lr)
losses = []
for epoch in range(100):
    pred = model(x)
    loss = nn.functional.mse_loss(pred, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())  # coach-also: loss-plateau
