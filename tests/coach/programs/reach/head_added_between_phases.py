import gradbook as torch
from gradbook import nn

backbone = nn.Sequential(nn.Linear(6, 10), nn.ReLU())
model = nn.Sequential(backbone, nn.Linear(10, 2))
opt = torch.optim.SGD(model.parameters(), lr=0.1)


def run(steps, classes):
    for _ in range(steps):
        x, y = torch.randn(20, 6), torch.randint(0, classes, (20,))
        loss = nn.functional.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()


run(4, 2)
model[1] = nn.Linear(10, 5)  # coach: stale-optimizer; fix: opt.add_param_group({"params": model[1].parameters()})
run(6, 5)
