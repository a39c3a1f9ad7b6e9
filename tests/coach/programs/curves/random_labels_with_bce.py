import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn


def evaluate(net, x, y):
    net.eval()
    with torch.no_grad():
        loss = F.binary_cross_entropy_with_logits(net(x), y)
    net.train()
    return loss.item()


def main():
    torch.manual_seed(7)
    net = nn.Sequential(nn.Linear(20, 100), nn.ReLU(), nn.Linear(100, 1))
    opt = torch.optim.RMSprop(net.parameters(), lr=3e-3)
    x, y = torch.randn(50, 20), torch.randint(0, 2, (50, 1)).float()
    xv, yv = torch.randn(50, 20), torch.randint(0, 2, (50, 1)).float()
    history = {"train": [], "val": []}
    for epoch in range(40):  # coach: overfitting
        loss = F.binary_cross_entropy_with_logits(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        history["train"].append(loss.item())
        history["val"].append(evaluate(net, xv, yv))


main()
