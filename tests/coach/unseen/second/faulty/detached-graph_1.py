import gradbook as torch
from gradbook import nn

torch.manual_seed(4)
x = torch.linspace(-1, 1, 100).unsqueeze(1)
y = x ** 3 - 0.5 * x + 0.02 * torch.randn(100, 1)

model = nn.Sequential(nn.Linear(1, 24), nn.ReLU(), nn.Linear(24, 1))
loss_fn = nn.MSELoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(40):
    optimizer.zero_grad()
    preds = model(x)
    preds = torch.tensor(preds.tolist(), requires_grad=True)  # coach: detached-graph
    loss = loss_fn(preds, y)
    loss.backward()
    optimizer.step()
    if epoch % 10 == 0:
        print(epoch, loss.item())
# coach-also: loss-plateau, stale-optimizer, unused-parameters, optimizer-call-order, update-ratio-low
