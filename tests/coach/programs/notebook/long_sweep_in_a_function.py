import gradbook as torch
import gradbook.nn as nn

torch.manual_seed(0)
x = torch.rand(40, 3)
y = x.pow(2).sum(1, keepdim=True)
net = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 1))


def train(model, lr, momentum, steps=200):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    for step in range(steps):
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


best = None
for momentum in (0.0, 0.5, 0.9):
    final = train(net, 0.02, momentum)  # coach: cell-rerun-continues-training; fix: net = nn.Sequential(nn.Linear(3, 12), nn.ReLU(), nn.Linear(12, 1))
    print(f"momentum {momentum}: {final:.5f}")
    if best is None or final < best[0]:
        best = final, momentum
print("best", best)
